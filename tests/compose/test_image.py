"""The Dockerfile and what goes with it, as far as reading can tell."""

import re
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
    bases = {step.split()[1] for step in STEPS if step.startswith("FROM")}
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
    assert all((ROOT / source).exists() for source in copied)
    assert any(fnmatch("overlap/__pycache__", line) for line in lines)


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
