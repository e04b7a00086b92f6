"""The Dockerfile and what goes with it, as far as reading can tell."""

import os
import re
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
INIT = (ROOT / "docker/init.sh").read_text(encoding="utf-8")
STEPS = [
    re.sub(r"\\\n\s*", "", step) for step in re.findall(r"^[A-Z]+ (?:.*\\\n)*.*", DOCKERFILE, re.M)
]


def final():
    """The steps of the image that runs."""
    last = max(number for number, step in enumerate(STEPS) if step.startswith("FROM"))
    return STEPS[last:]


def test_both_stages_stand_on_one_exact_version():
    """What is compiled in one runs in the other."""
    bases = {step.split()[1] for step in STEPS if step.startswith("FROM") and "busybox" not in step}
    assert len(bases) == 1
    assert re.fullmatch(r"python:3\.1[34]\.\d+-slim-[a-z]+", bases.pop())


def test_what_is_installed_is_locked_and_nothing_is_compiled():
    """By hash, from wheels; ours without looking for dependencies, and without a network."""
    installs = [step for step in STEPS if "pip" in step and " install " in step]
    assert len(installs) == 2
    assert "--require-hashes -r /src/requirements.lock" in installs[0]
    assert "--only-binary :all:" in installs[0]
    assert {"--no-deps", "--no-index", "--no-build-isolation"} <= set(installs[1].split())
    assert not re.search(r"\bapt|\bgcc|build-essential", "\n".join(STEPS))


def test_the_image_that_runs_installs_nothing():
    """It copies, makes a user, and is that user from then on."""
    assert not any("pip" in step for step in final())
    assert "USER 10000:10000" in final()
    assert not any(step.startswith("HEALTHCHECK") for step in STEPS)


def test_the_command_of_the_image_is_the_apps():
    """`docker run` without more gives the app."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    command = yaml.safe_load(STEPS[-1].removeprefix("CMD "))
    assert command == compose["services"]["app"]["command"]


def test_what_is_copied_is_there_and_let_in():
    """.dockerignore lets in what the Dockerfile copies, and nothing else."""
    copied = {
        source
        for step in STEPS
        if step.startswith("COPY") and "--from" not in step
        for source in step.split()[1:-1]
    }
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in lines
    assert {line[1:] for line in lines if line.startswith("!")} == copied
    assert all(list(ROOT.glob(source)) for source in copied)
    assert any(fnmatch("overlap/__pycache__", line) for line in lines)


def test_everyone_can_read_what_is_copied_whatever_the_checkouts_modes():
    """A checkout under umask 077 has files of mode 0600; the users that read them are others."""
    steps = [step for step in STEPS if "chmod -R u=rwX,go=rX /srv" in step]
    assert len(steps) == 1
    after = STEPS[STEPS.index(steps[0]) + 1 :]
    assert all("--from=" in step for step in after if step.startswith("COPY"))


def run_init(folder, **environment):
    """The part of init.sh that fills the volume, in folders of this machine, as any user."""
    script = INIT[INIT.index("# What the servers read") :]
    script = script.replace("/stack", str(folder / "stack"))
    script = script.replace("/configuration", str(folder / "configuration"))
    usual = {
        "APP_PORT": "8000",
        "TRACES_PORT": "16686",
        "GRAFANA_PORT": "3000",
        "PAGE_PORT": "8004",
    }
    subprocess.run(
        ["sh", "-euc", f"umask 077\n{script}"],
        check=True,
        env={"PATH": os.environ["PATH"], **usual, **environment},
    )
    return folder / "configuration"


@pytest.fixture
def stack(tmp_path):
    """What the image has below /stack, with the modes of a checkout under umask 077."""
    for part in ("otel", "grafana/provisioning", "grafana/dashboards"):
        shutil.copytree(
            ROOT / part,
            tmp_path / "stack" / part,
            ignore=shutil.ignore_patterns("native", "__pycache__"),
        )
    for path in (tmp_path / "stack").rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    return tmp_path


def test_init_fills_the_volume_for_every_user_to_read(stack):
    """Files of 0600 can be read by the servers' users; with the usual ports nothing changes."""
    made = run_init(stack)
    for path in (stack / "stack").rglob("*"):
        copy = made / path.relative_to(stack / "stack")
        assert copy.stat().st_mode & 0o777 == (0o755 if path.is_dir() else 0o644), copy
        if path.is_file():
            assert copy.read_bytes() == path.read_bytes(), copy
    assert not list(made.rglob("*.new"))


def test_init_moves_the_links_to_the_ports(stack):
    """Jaeger's menu and the dashboards lead to where things are, even where ports are swapped."""
    made = run_init(stack, APP_PORT="3000", GRAFANA_PORT="16686", TRACES_PORT="8000")
    before = (stack / "stack/otel/jaeger-ui.json").read_text()
    menu = (made / "otel/jaeger-ui.json").read_text()
    assert menu.count("127.0.0.1:3000/") == before.count("127.0.0.1:8000/")
    assert menu.count("127.0.0.1:16686/") == before.count("127.0.0.1:3000/")
    board = (made / "grafana/dashboards/glance.json").read_text()
    assert "127.0.0.1:16686" not in board
    assert "http://127.0.0.1:8000/" in board
    # A second start, with others: the volume follows.
    again = run_init(stack)
    assert (again / "otel/jaeger-ui.json").read_text() == before


def test_every_link_to_this_machine_is_one_that_init_moves():
    """A link to a fifth port would lead nowhere once that is moved."""
    for path in [*(ROOT / "grafana/dashboards").glob("*.json"), *(ROOT / "otel").glob("*.json")]:
        ports = set(re.findall(r"127\.0\.0\.1:(\d+)", path.read_text(encoding="utf-8")))
        assert ports <= {"8000", "16686", "3000", "8004"}, path.name


def test_the_secrets_belong_to_who_reads_them():
    """Each user of init.sh is the one that its service runs as."""
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
    users = dict(re.findall(r"\b([A-Z]+)=(\d+)", INIT))
    assert f"USER {users['APP']}:{users['APP']}" in STEPS
    assert compose["services"]["postgres"]["user"].split(":")[0] == users["POSTGRES"]
    assert users["GRAFANA"] == "472"


def test_every_secret_that_is_read_is_made():
    """Compose names no file of /secrets that init.sh does not write."""
    compose = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    read = set(re.findall(r"/secrets/([a-z_]+)", compose))
    assert read == set(re.findall(r"^secret ([a-z_]+) ", INIT, re.M))


@pytest.mark.parametrize("name", ["Dockerfile", "docker-compose.yml", "docker/init.sh"])
def test_no_registry_is_named(name):
    """Docker knows where images are, and pip where packages are."""
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"\b[a-z0-9-]+\.(io|dev|com)/", text)
    assert not re.search(r"index-url|trusted-host|deb\.debian", text)
