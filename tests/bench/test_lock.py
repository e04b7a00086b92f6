"""The peers come from a lock of their own, which agrees with the everyday one."""

import re


def pins(path):
    return dict(re.findall(r"^([a-z0-9-]+)==([^ ;\\]+)", path.read_text(encoding="utf-8"), re.M))


def test_bench_lock_names_no_registry_and_hashes_everything(root):
    """As the other locks: no host in it, and a hash for each package."""
    text = (root / "requirements-bench.lock").read_text(encoding="utf-8")
    assert "://" not in text
    for name, block in re.findall(r"^([a-z0-9-]+)==(.*?)(?=^\S|\Z)", text, re.M | re.S):
        assert "--hash=sha256:" in block, name


def test_peers_are_measured_on_what_everything_else_is_tested_on(root):
    """Installing the peers changes no version of what was there."""
    everyday, bench = (pins(root / f"requirements-{name}.lock") for name in ("dev", "bench"))
    shared = everyday.keys() & bench.keys()
    assert "django" in shared
    assert {name: bench[name] for name in shared} == {name: everyday[name] for name in shared}
