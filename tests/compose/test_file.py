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


RAW = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
VARIABLE = re.compile(r"(?<!\$)\$\{([A-Z_]+):-([^}]*)\}")


def read(**variables):
    """The file as compose reads it in an environment with these variables."""
    return yaml.safe_load(VARIABLE.sub(lambda found: variables.get(found[1], found[2]), RAW))


SERVICES = read()["services"]
OURS = {name for name, each in SERVICES.items() if each["image"].startswith("overlap-demo:")}
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
        *("collector", "jaeger", "prometheus", "loki", "grafana", "player", "page"),
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
        if server.get("part", "stack") == "stack":
            assert SERVICES[name]["image"] == f"{server['image']}:{server['tag']}"


@every_service
def test_ports_are_published_on_loopback_only(name):
    """... and usually to the same number, so that an address is the same inside and outside."""
    for port in SERVICES[name].get("ports", []):
        address, outside, inside = port.split(":")
        assert address == "127.0.0.1"
        assert outside == inside


def published(name, services=SERVICES):
    return {port.split(":")[2]: port.split(":")[1] for port in services[name].get("ports", [])}


def test_every_port_can_be_another():
    """Each by a variable of its own; those that the demo has too are called as the Makefile's."""
    usual = dict(VARIABLE.findall(RAW))
    moved = read(**{name: str(int(port) + 10000) for name, port in usual.items()})["services"]
    inside = [port for name in SERVICES for port in published(name)]
    assert len(usual) == len(inside) == 12
    for name in SERVICES:
        for port in published(name):
            assert published(name, moved)[port] == str(int(port) + 10000), name
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    shared = dict(re.findall(r"^([A-Z_]+_PORT) \?= (\d+)$", makefile, re.M))
    del shared["MAIL_PORT"]  # nobody outside sends mail to the stack's
    assert len(shared) == 7
    assert shared.items() <= usual.items()


def test_links_follow_the_ports():
    """Every address for a browser on the host has the port that is published."""
    usual = dict(VARIABLE.findall(RAW))
    numbers = {name: str(int(port) + 10000) for name, port in usual.items()}
    moved = read(**numbers)["services"]
    told = "\n".join(
        f"{key}={value}"
        for name in ("app", "player", "page", "grafana", "init")
        for key, value in moved[name]["environment"].items()
    )
    for port in set(re.findall(r"127\.0\.0\.1:(\d+)", told)):
        assert port in numbers.values()
    assert f"127.0.0.1:{numbers['TRACES_PORT']}" in told
    assert f"127.0.0.1:{numbers['GRAFANA_PORT']}" in told
    for name in ("APP_PORT", "TRACES_PORT", "GRAFANA_PORT", "PAGE_PORT"):
        assert str(moved["init"]["environment"][name]) == numbers[name]


def test_the_player_says_addresses_that_a_browser_can_open():
    """It reads from `jaeger`, a name that only containers know, and prints another."""
    environment = SERVICES["player"]["environment"]
    assert environment["OVERLAP_TRACES_URL"] == "http://jaeger:16686"
    assert environment["OVERLAP_TRACES_PUBLIC_URL"] == "http://127.0.0.1:16686"
    assert environment["OVERLAP_START_HINT"].startswith("docker compose up")


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


def test_memory_limits_add_up_to_less_than_six_gib():
    """All of them, including those of the services that end before the others start."""
    assert memory_of_all() < 6 * GIB


def test_the_documentation_says_how_much_memory_that_is():
    """The sum stands as a figure in the README or in docs/, and no other figure does."""
    pages = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    text = " ".join(" ".join(page.read_text(encoding="utf-8").split()) for page in pages)
    stated = re.findall(r"memory limits of all containers together are (\d,\d{3}) MiB", text)
    assert {int(figure.replace(",", "")) << 20 for figure in stated} == {memory_of_all()}


def test_every_limit_is_twice_the_most_that_was_measured():
    """The figures are those of the page about the stack (docs/how-to/stack.md)."""
    text = (ROOT / "docs/how-to/stack.md").read_text(encoding="utf-8")
    rows = re.findall(r"\| ([a-z-]+)(?:, which ends)? \| (\d*) ?\| (\d+) (?=\|)", text)
    assert {name for name, *_ in rows} == set(SERVICES) - {"init"}
    for name, most, limit in rows:
        assert int(limit) << 20 == size(SERVICES[name]["mem_limit"]), name
        assert not most or int(limit) >= 2 * int(most), name


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
        assert name in own or name in OURS


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
        said += [path.read_text() for path in (ROOT / "otel").glob(f"{name}.yaml")]
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
        if (name, needed) == ("collector", "loki"):
            wanted = "service_started"  # its metrics are there at once; it is ready 15 s later
        assert how["condition"] == wanted, needed
        assert done or "healthcheck" in SERVICES[needed]


def test_what_the_collector_scrapes_is_there_before_it():
    """A target that does not answer is a warning in the log of a clean start."""
    road = yaml.safe_load((ROOT / "otel/collector.yaml").read_text(encoding="utf-8"))
    jobs = road["receivers"]["prometheus"]["config"]["scrape_configs"]
    scraped = {job["job_name"] for job in jobs} - {"collector"}
    assert scraped
    assert scraped <= set(SERVICES["collector"]["depends_on"])


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


@pytest.mark.parametrize("name", sorted(OURS - {"init"}))
def test_ours_have_an_init_process(name):
    """PID 1 of a container is deaf to its own SIGKILL: the lesson that kills would kill nobody."""
    assert SERVICES[name]["init"] is True


def test_one_image_for_all_of_ours_built_once():
    """By `init`, which every other needs, directly or not; none is exported a second time.

    Nor is it looked for in a registry, where it is not.
    """
    assert {name for name, each in SERVICES.items() if "build" in each} == {"init"}
    labels = SERVICES["init"]["build"]["labels"]  # by which `down --rmi local` removes it
    assert labels["com.docker.compose.project"] == read()["name"]
    assert labels["com.docker.compose.service"] == "init"
    assert {"app", "app-workers", "worker", "beat", "httpbin", "mail", "player", "migrate"} <= OURS
    assert {SERVICES[name]["pull_policy"] for name in OURS} == {"never"}
    for name in OURS - {"init"}:
        assert "init" in needs(name), name


def needs(name):
    """All that it waits for, directly or not."""
    direct = set(SERVICES[name].get("depends_on", {}))
    return direct.union(*(needs(each) for each in direct))


@every_service
def test_nothing_of_the_checkout_is_mounted(name):
    """A mount's files would be read with their modes, owner and labels, by users of other ids.

    What the servers read is in our image, and `init` copies it into a volume.
    """
    each = SERVICES[name]
    assert not any(re.match(r"[./~]", item) for item in each.get("volumes", []))
    reads = name in ("collector", "jaeger", "prometheus", "loki", "grafana")
    assert ("configuration:/stack:ro" in each.get("volumes", [])) is reads
    assert not reads or "init" in each["depends_on"]


@every_service
def test_files_that_are_named_are_in_the_volume(name):
    """By the paths at which init.sh puts them."""
    each = SERVICES[name]
    words = [*each.get("command", []), *map(str, (each.get("environment") or {}).values())]
    for path in re.findall(r"/stack/(\S+)", " ".join(words)):
        assert (ROOT / path).exists(), path


def test_volumes_are_named_and_used():
    """`docker compose down -v` removes the named ones: there are no others."""
    used = {item.split(":")[0] for each in SERVICES.values() for item in each.get("volumes", [])}
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
    """By the path at which the volume has it."""
    path = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    board = json.loads((ROOT / "grafana/dashboards" / Path(path).name).read_text(encoding="utf-8"))
    assert board["uid"] == "overlap-glance"
    provider = (ROOT / "grafana/provisioning/dashboards/overlap.yaml").read_text(encoding="utf-8")
    assert yaml.safe_load(provider)["providers"][0]["options"]["path"] == str(Path(path).parent)


def test_go_servers_know_their_limits():
    """Go's collector knows no container: GOMEMLIMIT is 80 % of the limit, and threads are few."""
    for name in ("collector", "jaeger", "prometheus", "loki", "grafana"):
        environment = SERVICES[name]["environment"]
        stated = int(environment["GOMEMLIMIT"].removesuffix("MiB"))
        assert stated == (size(SERVICES[name]["mem_limit"]) >> 20) * 8 // 10, name
        assert environment["GOMAXPROCS"] == "2"


@pytest.mark.parametrize(
    "path", ["collector", "jaeger", "scale/gateway", "scale/jaeger", "scale/sampler"]
)
def test_no_pipeline_answers_before_what_it_accepts_is_safe(path):
    """The batch processor does: what its exporter can't deliver later is lost.

    Each exporter that sends elsewhere batches in its queue, which is on disk.
    """
    road = yaml.safe_load((ROOT / f"otel/{path}.yaml").read_text(encoding="utf-8"))
    for name, pipeline in road["service"]["pipelines"].items():
        used = {each.partition("/")[0] for each in pipeline.get("processors", [])}
        assert "batch" not in used, name
    for name, exporter in road["exporters"].items():
        if "sending_queue" in (exporter or {}):
            assert exporter["sending_queue"]["storage"] == "file_storage", name


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


def test_redis_starts_as_it_is_told():
    """Not by the image's entrypoint, which may add modules that no limit here counts on."""
    assert SERVICES["redis"]["entrypoint"] == ["redis-server"]


def test_no_server_is_djangos_development_server():
    """It lets ten connections wait: of 240 at once, eight had no answer."""
    assert "runserver" not in RAW


def test_threads_of_240_requests_at_once_are_allowed():
    """Threads count as processes: at 128 a burst that asks the database was answered by 500s."""
    for name in ("app", "app-workers", "app-wsgi"):
        assert SERVICES[name]["pids_limit"] >= 2 * 240


def test_every_process_of_ours_gets_the_connections_of_its_pool():
    """Six a process; more than the server accepts would be answered by 500s."""
    settings = (ROOT / "app/settings.py").read_text(encoding="utf-8")
    pool = int(re.search(r'"max_size": (\d+)', settings)[1])
    accepted = int(re.search(r"max_connections=(\d+)", RAW)[1])
    # app, three workers, the WSGI server, and of Celery two children and beat.
    processes = 1 + 3 + 1 + 2 + 1
    reserved = 3
    assert processes * pool <= accepted - reserved


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
    assert told <= {port for name in SERVICES for port in published(name).values()}
    for name in ("app", "app-workers", "app-wsgi", "httpbin", "jaeger", "grafana", "prometheus"):
        assert SERVICES[name]["ports"][0].split(":")[1] in told, name
