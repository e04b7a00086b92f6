"""Each threat of the table names tests that exist."""

import re

import pytest

from tests.supply.threats import PARTS, page

NAMED = sorted({test for threats in PARTS.values() for each in threats for test in each.tests})


@pytest.mark.parametrize("named", NAMED)
def test_the_test_exists(root, named):
    """As a function of that file, which is not skipped."""
    file, _, name = named.partition("::")
    text = (root / file).read_text(encoding="utf-8")
    found = re.search(rf"^((?:@.*\n)*)(?:async )?def {name}\(", text, re.M)
    assert found, named
    assert "skip" not in found[1]


def test_every_threat_is_proved():
    """By at least one test, and the page names it."""
    for threats in PARTS.values():
        for each in threats:
            assert each.tests
            assert all(f"`{test}`" in page() for test in each.tests)
