"""docker-compose.yml keeps what it promises, as far as reading it can tell."""

import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent.parent
ONE_SHOT = ("init", "migrate")
"""These end before the others start: no port, nothing to ask."""
GIB = 1 << 30


def read():
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))


SERVICES = read()["services"]
LASTING = {name: each for name, each in SERVICES.items() if name not in ONE_SHOT}
every_service = pytest.mark.parametrize("name", SERVICES)
every_lasting = pytest.mark.parametrize("name", LASTING)


def size(text):
    """`64m` and its like, in bytes."""
    return int(text[:-1]) << {"k": 10, "m": 20, "g": 30}[text[-1]]


def memory_of_all():
    return sum(size(each["mem_limit"]) for each in SERVICES.values())


def test_the_services_that_the_tutorial_asks_for():
    """The app twice, what it calls, the road, the screen, and someone who plays."""
    assert {
        *("app", "app-workers", "worker", "beat", "redis", "postgres", "httpbin", "mail"),
        *("collector", "jaeger", "prometheus", "loki", "grafana", "player"),
    } <= set(SERVICES)


@every_service
def test_images_are_pinned_and_name_no_registry(name):
    """To a version whole to its last part; two parts of one version are a moving target."""
    image, _, tag = SERVICES[name]["image"].partition(":")
    assert "." not in image.partition("/")[0], "a registry's host"
    assert re.match(r"v?\d+\.\d+\.\d+(-|$)", tag) or re.match(r"\d\d\.\d+-", tag), tag


def test_versions_are_those_of_the_native_stack():
    """`make stack` runs the same servers, and says which image each stands for."""
    native = tomllib.loads((ROOT / "otel/native/servers.toml").read_text(encoding="utf-8"))
    for name, server in native.items():
        assert SERVICES[name]["image"] == f"{server['image']}:{server['tag']}"


@every_service
def test_ports_are_published_on_loopback_only(name):
    """... and to the same number, so that an address is the same inside and outside."""
    for port in SERVICES[name].get("ports", []):
        address, outside, inside = port.split(":")
        assert address == "127.0.0.1"
        assert outside == inside


def test_databases_are_not_published():
    """Nobody outside has anything to ask them."""
    assert "ports" not in SERVICES["redis"]
    assert "ports" not in SERVICES["postgres"]


def test_no_port_is_published_twice():
    """Docker would tell only at the start."""
    ports = [port for each in SERVICES.values() for port in each.get("ports", [])]
    assert len(ports) == len(set(ports))


@every_service
def test_each_has_limits(name):
    """Of memory and of processes."""
    assert size(SERVICES[name]["mem_limit"]) > 0
    assert SERVICES[name]["pids_limit"] > 0


@every_service
def test_no_memory_limit_is_below_what_a_start_takes(name):
    """runc's own start takes 9 to 13 MiB of it: at 8 MiB the first `up` fails by chance."""
    assert size(SERVICES[name]["mem_limit"]) >= 32 << 20


def test_postgres_has_memory_for_every_connection_it_accepts():
    """A connection is a process of 2 to 3 MB: all of them fit, beside the shared buffers."""
    each = SERVICES["postgres"]
    settings = dict(word.split("=") for word in each["command"] if "=" in word)
    shared = int(settings["shared_buffers"].removesuffix("MB"))
    connections = int(settings["max_connections"])
    assert size(each["mem_limit"]) >= (shared + 16 + connections * 3) << 20


def test_memory_limits_add_up_to_less_than_four_gib():
    """All of them, including those of the services that end before the others start."""
    assert memory_of_all() < 4 * GIB


def test_the_documentation_says_how_much_memory_that_is():
    """The sum stands as a figure in the README or in docs/, and no other figure does."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    text = " ".join(" ".join(page.read_text(encoding="utf-8").split()) for page in pages)
    stated = re.findall(r"memory limits of all containers together are (\d,\d{3}) MiB", text)
    assert {int(figure.replace(",", "")) << 20 for figure in stated} == {memory_of_all()}


@every_service
def test_each_has_the_least_it_can_do_with(name):
    """A read-only root file system, no capabilities, no way to new privileges."""
    each = SERVICES[name]
    assert each["read_only"] is True
    assert each["cap_drop"] == ["ALL"]
    assert each["security_opt"] == ["no-new-privileges:true"]
    assert not each.get("privileged")
    assert each.get("cap_add", []) == (["CHOWN"] if name == "init" else [])


@every_service
def test_nothing_runs_as_root_but_init(name):
    """Ours are set in the Dockerfile; redis and postgres would start as root, and are told not to.

    The other images have a user of their own: 10001 (collector, Jaeger, Loki), nobody
    (Prometheus), 472 (Grafana), which only the running image can show.
    """
    own = {"collector", "jaeger", "loki", "prometheus", "grafana"}
    user = SERVICES[name].get("user")
    if name == "init":
        assert user == "0:0"
        assert SERVICES[name]["network_mode"] == "none"
    elif name in ("redis", "postgres"):
        assert user
        assert not user.startswith("0")
    else:
        assert user is None
        assert name in own or "build" in SERVICES[name]


@every_lasting
def test_each_is_asked_how_it_is(name):
    """With a time to answer in, and not by whether a process is there."""
    health = SERVICES[name]["healthcheck"]
    assert health["test"][0] in ("CMD", "CMD-SHELL")
    assert {"interval", "timeout", "retries", "start_period"} <= health.keys()
    words = " ".join(health["test"])
    assert not re.search(r"\|\| *(true|exit 0)|pgrep|pidof|/proc|\bps\b", words)


@every_lasting
def test_a_healthcheck_asks_the_service_itself(name):
    """By loopback, at a port that it is told to listen on, or by a file that it touches."""
    test = " ".join(SERVICES[name]["healthcheck"]["test"])
    if found := re.search(r"127\.0\.0\.1:(\d+)", test):
        said = [*SERVICES[name].get("command", []), *SERVICES[name].get("ports", [])]
        said += [path.read_text() for path in mounted(name) if path.is_file()]
        assert any(re.search(rf"\b{found[1]}\b", str(each)) for each in said)
    elif found := re.search(r"file://(\S+)", test):
        each = SERVICES[name]
        told = [*each["command"], each["environment"].get("SMOKEHOUSE_PULSE_FILE")]
        assert found[1] in told
    else:
        assert name in ("redis", "postgres")


@every_service
def test_it_waits_until_what_it_needs_is_well(name):
    """Not only started: healthy, or done where it is a thing to be done."""
    for needed, how in SERVICES[name].get("depends_on", {}).items():
        done = needed in ONE_SHOT
        wanted = "service_completed_successfully" if done else "service_healthy"
        assert how["condition"] == wanted, needed
        assert done or "healthcheck" in SERVICES[needed]


def test_migrations_are_done_once_before_all_that_use_the_database():
    """Three servers and two of Celery's would race otherwise."""
    for name, each in SERVICES.items():
        if "DATABASE_URL" in (each.get("environment") or {}) and name != "migrate":
            assert "migrate" in each["depends_on"], name


@every_lasting
def test_each_comes_back(name):
    """After the scenario that kills it, too."""
    assert SERVICES[name]["restart"] == "unless-stopped"


@pytest.mark.parametrize("name", ONE_SHOT)
def test_what_is_done_once_is_not_started_again(name):
    """It has ended well."""
    assert SERVICES[name]["restart"] == "no"


@pytest.mark.parametrize("name", [name for name, each in SERVICES.items() if "build" in each])
def test_ours_have_an_init_process(name):
    """PID 1 of a container ignores its own SIGKILL, and a scenario kills the app."""
    assert SERVICES[name]["init"] is True
    assert SERVICES[name]["image"] == SERVICES["app"]["image"]


def test_one_image_for_all_of_ours():
    """Built once."""
    ours = {name for name, each in SERVICES.items() if "build" in each}
    assert ours >= {"app", "app-workers", "worker", "beat", "httpbin", "mail", "player"}


def mounted(name):
    """The files and folders of the checkout that a service sees."""
    sources = [item.split(":")[0] for item in SERVICES[name].get("volumes", [])]
    return [ROOT / source for source in sources if source.startswith(".")]


@every_service
def test_mounted_files_exist_and_are_read_only(name):
    """Docker makes a folder in place of a file that is not there."""
    assert all(path.exists() for path in mounted(name))
    for item in SERVICES[name].get("volumes", []):
        assert not item.startswith(".") or item.endswith(":ro")


def test_volumes_are_named_and_used():
    """`docker compose down -v` removes the named ones: there are no others."""
    used = {
        item.split(":")[0]
        for each in SERVICES.values()
        for item in each.get("volumes", [])
        if not item.startswith(".")
    }
    assert used == set(read()["volumes"])


@pytest.mark.parametrize(
    ("name", "path", "key"),
    [
        ("jaeger", "/badger", "JAEGER_DATA:-/badger"),
        ("collector", "/var/lib/otelcol", "COLLECTOR_DATA:-/var/lib/otelcol"),
        ("loki", "/loki", "LOKI_DATA:-/loki"),
        ("prometheus", "/prometheus", None),
    ],
)
def test_what_is_stored_is_stored_on_a_volume(name, path, key):
    """A restart loses nothing: the path of the configuration is the volume's."""
    assert any(item.split(":")[1] == path for item in SERVICES[name]["volumes"])
    if key:
        configured = (ROOT / "otel" / f"{name}.yaml").read_text(encoding="utf-8")
        assert key in configured
    else:
        assert f"--storage.tsdb.path={path}" in SERVICES[name]["command"]


def test_the_road_leads_from_service_to_service():
    """The names and ports that the configuration takes for granted are those of the services."""
    for path in sorted((ROOT / "otel").glob("*.yaml")):
        for host, port in re.findall(r":-([a-z]+):(\d+)\}", path.read_text(encoding="utf-8")):
            assert host in SERVICES, f"{path.name}: {host}:{port}"


def test_grafanas_sources_have_their_addresses():
    """Each variable that provisioning reads is set, to a service of the stack."""
    text = (ROOT / "grafana/provisioning/datasources").glob("*.yaml")
    wanted = {name for path in text for name in re.findall(r"url: \$([A-Z_]+)", path.read_text())}
    environment = SERVICES["grafana"]["environment"]
    for name in wanted:
        host = re.fullmatch(r"http://([a-z]+):\d+", environment[name])
        assert host
        assert host[1] in SERVICES


def test_grafanas_first_page_is_one_of_the_dashboards():
    """By the name under which it is mounted."""
    path = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    board = json.loads((ROOT / "grafana/dashboards" / Path(path).name).read_text(encoding="utf-8"))
    assert board["uid"] == "overlap-glance"
    assert "./grafana/dashboards:/etc/grafana/dashboards:ro" in SERVICES["grafana"]["volumes"]


def test_go_servers_collect_before_they_hit_their_limit():
    """Go's collector knows no container: GOMEMLIMIT is below the limit, and not by much."""
    for name in ("collector", "jaeger", "prometheus", "loki", "grafana"):
        told = int(SERVICES[name]["environment"]["GOMEMLIMIT"].removesuffix("MiB")) << 20
        assert 0.5 < told / size(SERVICES[name]["mem_limit"]) < 0.9, name


def test_the_collector_refuses_before_it_hits_its_limit():
    """Its memory_limiter stands below the container's limit."""
    road = yaml.safe_load((ROOT / "otel/collector.yaml").read_text(encoding="utf-8"))
    limit = road["processors"]["memory_limiter"]["limit_mib"] << 20
    assert limit < size(SERVICES["collector"]["mem_limit"])


def test_no_secret_is_written_down():
    """They come from files that are made at the first start."""
    text = "".join((ROOT / name).read_text() for name in ("docker-compose.yml", ".env"))
    for name in re.findall(r"\b([A-Z_]*(?:PASSWORD|SECRET|TOKEN|KEY)[A-Z_]*)\s*[:=]", text):
        assert name.endswith("_FILE"), name
    assert not re.search(r"://[^/\s:]+:[^/\s]+@", text)


def test_django_is_set_as_for_production():
    """DEBUG is off, and the hosts that it answers to are named."""
    for name in ("app", "app-workers", "app-wsgi", "worker", "beat"):
        environment = SERVICES[name]["environment"]
        assert environment["DEBUG"] == "0"
        hosts = environment["ALLOWED_HOSTS"].split(",")
        assert "*" not in hosts
        assert {"127.0.0.1", "localhost", "app", "app-workers"} <= set(hosts)


def test_variables_are_those_that_the_settings_read():
    """A misspelt one would be silently without effect."""
    settings = (ROOT / "app/settings.py").read_text(encoding="utf-8")
    read = set(re.findall(r'"([A-Z_]+)"', settings))
    read |= {f"{name}_FILE" for name in re.findall(r'_secret\("([A-Z_]+)"\)', settings)}
    for name, each in SERVICES.items():
        for variable in each.get("environment") or {}:
            if variable.startswith(("SMOKEHOUSE_", "DATABASE_", "SECRET_", "DEBUG", "ALLOWED_")):
                assert variable in read, f"{name}: {variable}"


def test_the_player_is_on_and_can_be_turned_off():
    """By a profile that .env names and the environment can leave out."""
    assert SERVICES["player"]["profiles"] == ["player"]
    assert "COMPOSE_PROFILES=player" in (ROOT / ".env").read_text(encoding="utf-8").splitlines()
    others = [name for name, each in SERVICES.items() if name != "player" and "profiles" in each]
    assert others == []
    assert not any("player" in each.get("depends_on", {}) for each in SERVICES.values())


def test_the_urls_that_are_printed_last_are_those_published():
    """Every address in the line is a port of the file, and every page of the stack is in it."""
    urls = SERVICES["app"]["environment"]["SMOKEHOUSE_URLS"]
    told = set(re.findall(r"127\.0\.0\.1:(\d+)", urls))
    published = {port.split(":")[1] for each in SERVICES.values() for port in each.get("ports", [])}
    assert told <= published
    for name in ("app", "app-workers", "app-wsgi", "httpbin", "jaeger", "grafana", "prometheus"):
        assert SERVICES[name]["ports"][0].split(":")[1] in told, name
