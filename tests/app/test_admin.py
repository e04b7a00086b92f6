"""The admin works under ASGI, though the scenarios' requests skip its middleware."""

import os
import re
import subprocess
import sys

import httpx
import pytest

PASSWORD = "brisket"


@pytest.fixture(scope="module")
def superuser(root):
    """A superuser, made with the tutorial's commands."""
    environment = os.environ | {"DJANGO_SUPERUSER_PASSWORD": PASSWORD}
    create = ["createsuperuser", "--no-input", "--username", "smith", "--email", "s@example.org"]
    for arguments in (["migrate", "--no-input"], create):
        subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=root, env=environment, check=True, capture_output=True,
        )  # fmt: skip
    return "smith"


def test_superuser_logs_in(demo, superuser):
    """The log-in form, its CSRF token and its session work."""
    with httpx.Client(base_url=demo.app_url, follow_redirects=True, trust_env=False) as client:
        form = client.get("/admin/")
        assert form.headers["x-frame-options"] == "DENY"
        token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form.text).group(1)
        data = {"username": superuser, "password": PASSWORD, "next": "/admin/"}
        answer = client.post("/admin/login/", data=data | {"csrfmiddlewaretoken": token})
        assert answer.status_code == 200
        assert "Site administration" in answer.text


def test_log_in_without_a_csrf_token_is_refused(demo, superuser):
    """The admin checks CSRF by itself: the middleware is left out of the settings on purpose."""
    data = {"username": superuser, "password": PASSWORD}
    answer = httpx.post(f"{demo.app_url}/admin/login/", data=data, trust_env=False)
    assert answer.status_code == 403


def test_style_sheets_are_served(demo):
    """The admin has its looks with DEBUG off."""
    answer = httpx.get(f"{demo.app_url}/static/admin/css/base.css", trust_env=False)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/css")


def test_scenarios_go_without_the_admins_middleware(demo):
    """A scenario's response carries none of the admin's headers and no cookie."""
    answer = httpx.get(f"{demo.app_url}/", trust_env=False)
    assert "x-frame-options" not in answer.headers
    assert "set-cookie" not in answer.headers
