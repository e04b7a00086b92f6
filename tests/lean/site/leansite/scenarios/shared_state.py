"""State that one request changes, as the next request sees it."""

from leansite.client import get


async def _look_after(app, path):
    first = (await get(app, path)).status
    answer = (await get(app, "/look/")).json
    answer.pop("thread")
    answer.pop("ident")
    return {"first": first} | answer


async def after_locale(app):
    return await _look_after(app, "/leave_locale/")


async def after_atomic(app):
    return await _look_after(app, "/leave_atomic/")


async def after_crash_in_atomic(app):
    return await _look_after(app, "/leave_atomic/?crash")


async def after_manual(app):
    return await _look_after(app, "/leave_manual/")


async def after_wrapper(app):
    return await _look_after(app, "/leave_wrapper/")


async def after_create_and_crash(app):
    return await _look_after(app, "/create/?crash")


async def after_acreate_and_crash(app):
    return await _look_after(app, "/acreate/?crash")


async def thread_local(app):
    await get(app, "/local_value/")
    return {"before": (await get(app, "/local_value/")).json["before"]}
