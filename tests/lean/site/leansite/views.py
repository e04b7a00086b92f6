"""Views that tell what they see, and views that leave something behind."""

import asyncio
import contextvars
import io
import threading

from asgiref.sync import sync_to_async
from django.core.signals import request_finished
from django.db import connection, transaction
from django.http import FileResponse, HttpResponse, JsonResponse, StreamingHttpResponse
from django.urls import get_urlconf, set_urlconf
from django.utils import timezone, translation

from leansite.models import Meat

gate = threading.Event()
"""What a held sync view waits for."""
inside = threading.Semaphore(0)
"""Released by each view that is about to wait."""
happened: list[object] = []
"""What is left to be told after a response."""
tasks: set[asyncio.Task] = set()
everyone: threading.Barrier | None = None
variable = contextvars.ContextVar("variable", default="unset")
local = threading.local()


def seen(**more):
    return JsonResponse({"thread": threading.current_thread().name} | more)


async def index(request):
    return seen()


def missing(request, exception):
    """An error page that asks the database, inside a transaction that it leaves open."""
    atomic = connection.in_atomic_block
    transaction.atomic().__enter__()
    answer = seen(meats=Meat.objects.count(), atomic=atomic)
    answer.status_code = 404
    return answer


async def slow(request):
    inside.release()
    while not gate.is_set():  # noqa: ASYNC110  the gate is for threads
        await asyncio.sleep(0.01)
    return seen()


async def waiting(request):
    """How many wait in `slow`, where only it counts."""
    return seen(inside=inside._value)


async def open(request):
    gate.set()
    return seen()


def sync(request):
    return seen(ident=threading.get_ident())


def held(request):
    inside.release()
    assert gate.wait(30)
    happened.append("held to the end")
    return seen()


def together(request):
    everyone.wait(30)
    return seen()


def look(request):
    """All that another request may have left on this thread."""
    return seen(
        ident=threading.get_ident(),
        language=translation.get_language(),
        zone=timezone.get_current_timezone_name(),
        urlconf=get_urlconf(),
        variable=variable.get(),
        atomic=connection.in_atomic_block,
        autocommit=connection.get_autocommit(),
        meats=Meat.objects.count(),
        queries=len(connection.queries),
        wrappers=len(connection.execute_wrappers),
    )


def local_value(request):
    before, local.value = getattr(local, "value", None), "set"
    return seen(before=before)


def state(request):
    from leansite.states import states

    leave, is_left = states()[request.GET["name"]]
    if "leave" in request.GET:
        leave()
        return JsonResponse({})
    return JsonResponse({"left": is_left()})


def leave_locale(request):
    translation.activate("de")
    timezone.activate("Asia/Tokyo")
    set_urlconf("leansite.urls_of_another")
    variable.set("set")
    return seen()


def leave_atomic(request):
    transaction.atomic().__enter__()
    Meat.objects.create(name="uncommitted")
    if "crash" in request.GET:
        raise RuntimeError("crashed in a transaction")
    return seen()


def leave_manual(request):
    transaction.set_autocommit(False)
    Meat.objects.create(name="uncommitted")
    return seen()


def leave_wrapper(request):
    connection.execute_wrappers.append(lambda execute, *rest: execute(*rest))
    return seen()


def create(request):
    Meat.objects.create(name="brisket")
    if "crash" in request.GET:
        raise RuntimeError("crashed after an insert")
    return seen(atomic=connection.in_atomic_block)


async def acreate(request):
    await Meat.objects.acreate(name="ribs")
    if "crash" in request.GET:
        raise RuntimeError("crashed after an insert")
    return seen()


def pid(request):
    """Which session of the database this is, as the database counts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return seen(pid=cursor.fetchone()[0])


async def count(request):
    return seen(meats=await Meat.objects.acount())


async def held_in_atomic(request):
    """Waits, inside a transaction in the request's thread."""

    def work():
        with transaction.atomic():
            Meat.objects.create(name="late")
            inside.release()
            assert gate.wait(30)
        happened.append("committed")

    await sync_to_async(work)()
    return seen()


async def left_in_atomic(request):
    """The same, with a transaction that nobody ends."""

    def work():
        transaction.atomic().__enter__()
        Meat.objects.create(name="never")
        inside.release()
        assert gate.wait(30)

    await sync_to_async(work)()
    return seen()


async def background(request):
    """Starts work that uses the ORM once the response is out and the request over."""

    async def work():
        over = asyncio.Event()
        loop = asyncio.get_running_loop()

        def finished(**signal):
            loop.call_soon_threadsafe(over.set)

        request_finished.connect(finished)
        try:
            before = await Meat.objects.acount()
            await over.wait()
            await asyncio.sleep(0.1)  # past the end of Django's handler
            await Meat.objects.acreate(name="late")
            happened.append((await Meat.objects.acount()) - before)
        except Exception as error:
            happened.append(repr(error))
        finally:
            request_finished.disconnect(finished)

    task = asyncio.create_task(work())
    tasks.add(task)
    await asyncio.sleep(0)
    return seen()


async def background_holding(request):
    """Leaves work behind that is in the request's thread when the response goes out."""

    def work():
        happened.append(threading.get_ident())
        inside.release()
        assert gate.wait(30)
        Meat.objects.create(name="late")
        happened.append("done")

    tasks.add(asyncio.create_task(sync_to_async(work)()))
    while not happened:  # noqa: ASYNC110
        await asyncio.sleep(0.01)
    return seen()


class Told(io.BytesIO):
    """A file that tells where it is closed."""

    def close(self):
        if not self.closed:
            happened.append(("closed", threading.current_thread() is threading.main_thread()))
        super().close()


async def file(request):
    return FileResponse(Told(b"smoke"), content_type="text/plain")


async def closer(request):
    response = HttpResponse("smoke")
    told = Told()
    response._resource_closers.append(told.close)
    return response


async def upload(request):
    file = request.FILES["meat"]
    happened.append(file.temporary_file_path())
    return seen(size=file.size)


async def stream(request):
    async def parts():
        for part in (b"a", b"b", b"c"):
            yield part
            await asyncio.sleep(0)

    return StreamingHttpResponse(parts())


VIEWS = [
    index,
    slow,
    waiting,
    open,
    sync,
    held,
    together,
    look,
    local_value,
    state,
    leave_locale,
    leave_atomic,
    leave_manual,
    leave_wrapper,
    create,
    acreate,
    pid,
    count,
    held_in_atomic,
    left_in_atomic,
    background,
    background_holding,
    file,
    closer,
    upload,
    stream,
]
