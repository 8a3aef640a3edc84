"""Every address, every method, every actor, every relation: compared with the hand-written table.

TELEK_ACCESS=full tries every method on every relation (many more, slower).
"""

import pytest

from tests.access.oracle import line_of, table
from tests.access.routes import Route, all_routes
from tests.access.trial import faults
from tests.access.world import World

ROUTES = all_routes()


def test_every_route_has_a_line_and_every_line_a_route() -> None:
    without = [route.path for route in ROUTES if line_of(route.path) is None]
    assert without == [], "new addresses: say in tests/access/expectations.yaml who may open them"
    used = {line.path for route in ROUTES if (line := line_of(route.path)) is not None}
    assert sorted(set(table()) - used) == [], "lines of tests/access/expectations.yaml for addresses that are gone"


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.path)
def test_a_page_opens_for_whom_the_table_says_and_for_nobody_else(world: World, route: Route) -> None:
    line = line_of(route.path)
    if line is None:
        pytest.fail("a route without a line in expectations.yaml")
    wrong = faults(world, route, line)
    assert not wrong, "\n".join(wrong[:30])
