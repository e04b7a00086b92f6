"""What is published installs, with what it declares and nothing else, and does what it promises."""

import json
import re
import signal
import socket
import subprocess
import sys
import time
import tomllib
import zipfile
from email.parser import Parser
from pathlib import Path

import httpx
import pytest

import overlap

ROOT = Path(__file__).resolve().parent.parent.parent
# The tests of one environment go to one worker: it is made once.
pytestmark = [
    pytest.mark.package,
    pytest.mark.timeout(900),
    pytest.mark.xdist_group("package"),
]
WITHIN_S = 60


def test_what_is_built_can_be_published(dist):
    """twine reads the metadata and renders the README as an index does: no warning."""
    files = [str(path) for path in dist.iterdir()]
    assert len(files) == 2
    done = subprocess.run(
        [sys.executable, "-m", "twine", "check", "--strict", *files],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("PASSED") == 2


def test_the_wheel_says_what_it_is(wheel):
    """Its name is not the one that is imported; its licence, authors and types are in it."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        folder = f"django_overlap-{overlap.__version__}.dist-info"
        metadata = Parser().parsestr(archive.read(f"{folder}/METADATA").decode())
    assert metadata["Name"] == "django-overlap"
    assert metadata["Version"] == overlap.__version__
    assert metadata["License-Expression"] == "Apache-2.0"
    assert metadata["Author"] == "The Overlap authors"
    assert metadata["Keywords"]
    assert "Typing :: Typed" in metadata.get_all("Classifier")
    assert {"celery", "demo"} <= set(metadata.get_all("Provides-Extra"))
    assert metadata.get_all("Project-URL") is None
    assert {"overlap/py.typed", f"{folder}/licenses/LICENSE"} <= names
    assert {name.split("/")[0] for name in names} == {"overlap", folder}


def test_the_wheel_holds_every_file_of_the_package(wheel):
    """Pages, scripts and styles too, and nothing that is not in the checkout's history."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "overlap"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    files = {name for name in listed.stdout.splitlines() if (ROOT / name).is_file()}
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("overlap/")}
    assert packed == files


def test_the_commands_help_and_version(environment):
    """Every subcommand is listed; `--version` says the command's name and the distribution's."""
    told = environment.run("overlap", "--help")
    assert all(name in told for name in ("run", "verdict", "pocket", "doctor", "compare", "play"))
    version = environment.run("overlap", "--version")
    assert version == f"overlap, version {overlap.__version__} (package django-overlap)\n"
    assert environment.run("python", "-m", "overlap", "--version") == version


def test_every_module_that_needs_no_extra_can_be_imported(environment):
    """Nothing relies on a package that is only there where the project is developed."""
    code = """
import pkgutil, importlib, overlap
optional = {"celery", "pytest", "pyspark", "mcp", "debug_toolbar"}
failed = []
for found in pkgutil.walk_packages(overlap.__path__, "overlap."):
    # The bench compares with packages of its own extra, and serves a site only where it is told.
    if found.name.endswith("__main__") or found.name.startswith("overlap.bench."):
        continue
    try:
        importlib.import_module(found.name)
    except ModuleNotFoundError as error:
        if error.name.split(".")[0] not in optional:
            failed.append(f"{found.name}: {error}")
print("\\n".join(failed))
"""
    assert environment.run("python", "-c", code).strip() == ""


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def until(check, process, log):
    """Poll until `check()` gives something, while the process runs."""
    deadline = time.monotonic() + WITHIN_S
    while time.monotonic() < deadline:
        try:
            if found := check():
                return found
        except httpx.HTTPError:
            pass
        assert process.poll() is None, log.read_text()
        time.sleep(0.1)
    pytest.fail(f"not in {WITHIN_S} s:\n{log.read_text()}")


@pytest.fixture
def project(environment, tmp_path):
    """A project as Django makes it, in a folder of its own."""
    environment.run("django-admin", "startproject", "mysite", str(tmp_path), cwd=tmp_path)
    return tmp_path


def test_overlap_run_traces_a_project_as_django_makes_it(environment, project):
    """`overlap run -- uvicorn`: the page opens, and the request's trace is on it and judged."""
    port, log = free_port(), project / "log"
    command = [
        *(environment.bin / "overlap", "run", "--port", "0", "--otlp-port", "0", "--"),
        *("uvicorn", "mysite.asgi:application", "--port", str(port)),
    ]
    with (
        log.open("wb") as output,
        httpx.Client(timeout=30, trust_env=False) as client,
        subprocess.Popen(
            command, cwd=project, stdout=output, stderr=output, env=environment.variables
        ) as process,
    ):
        try:
            said = until(lambda: re.search(r"page (\S+?),", log.read_text()), process, log)
            page = said[1]
            answer = until(lambda: client.get(f"http://127.0.0.1:{port}/"), process, log)
            assert answer.status_code == 200
            query = {
                "query.service_name": "mysite",
                "query.start_time_min": "2020-01-01T00:00:00Z",
                "query.start_time_max": "2100-01-01T00:00:00Z",
            }

            def traced():
                found = client.get(f"{page}/api/v3/traces", params=query)
                return found.status_code == 200 and found.text

            (project / "trace.json").write_text(until(traced, process, log))
            assert "mysite" in client.get(page).text
            verdict = environment.run("overlap", "verdict", "--json", "trace.json", cwd=project)
            assert json.loads(verdict)
            process.send_signal(signal.SIGINT)
            assert process.wait(40) == 0, log.read_text()
        finally:
            if process.poll() is None:
                process.terminate()


SUITE = """
import asyncio
import django
from django.test import AsyncClient
from django.test.utils import setup_test_environment

django.setup()
setup_test_environment()


def test_two_tasks_of_a_view_overlap(traced):
    asyncio.run(ask())
    assert traced.shape == "concurrent"


async def ask():
    answer = await AsyncClient().get("/both/")
    assert answer.status_code == 200
"""
VIEW = """

import asyncio
from django.http import HttpResponse
from opentelemetry import trace


async def wait(name):
    with trace.get_tracer(__name__).start_as_current_span(name):
        await asyncio.sleep(0.05)


async def both(request):
    await asyncio.gather(wait("brisket"), wait("ribs"))
    return HttpResponse("ok")


urlpatterns += [path("both/", both)]
"""


def test_a_test_with_traced_passes(environment, project):
    """pytest finds the fixture by the wheel's entry point; it is the only package that is added."""
    environment.install("pytest")
    with (project / "mysite/urls.py").open("a") as urls:
        urls.write(VIEW)
    (project / "test_both.py").write_text(SUITE)
    setting = ["-W", "error::pytest.PytestWarning", "-p", "no:cacheprovider"]
    done = subprocess.run(
        [environment.bin / "python", "-m", "pytest", *setting, "test_both.py"],
        cwd=project,
        capture_output=True,
        text=True,
        env={**environment.variables, "DJANGO_SETTINGS_MODULE": "mysite.settings"},
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 passed" in done.stdout


def test_the_extra_brings_what_celery_needs(wheel, make_environment):
    """`django-overlap[celery]`: Celery and its instrumentation, which the wheel alone has not."""
    environment = make_environment(sys.executable)
    environment.install(f"{wheel}[celery]")
    environment.run("python", "-c", "import opentelemetry.instrumentation.celery, celery, overlap")


def test_the_version_stands_once():
    """The wheel takes it from the package, and the image of the compose file carries it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert project["project"]["dynamic"] == ["version"]
    assert f":{overlap.__version__}\n" in (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
