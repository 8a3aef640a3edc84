"""What the properties of the clinical rules are tried on."""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from apps.monitoring.instruments import Definition, Item, Kind

#: No deadline: a busy machine is no wrong rule. No database: a run leaves nothing behind.
thorough = settings(max_examples=200, deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow])

#: Values that are no answer of any integer or yes/no item.
NO_ANSWERS: list[Any] = [
    -1,
    999,
    10**30,
    1.0,
    2.5,
    -0.0,
    float("nan"),
    float("inf"),
    "1",
    "",
    "yes",
    [],
    [1],
    {},
    {"value": 1},
]


def answers_of(item: Item, *, blank: bool = True) -> st.SearchStrategy[Any]:
    """Valid answers of an item, with None among them unless told otherwise."""
    if item.kind is Kind.BOOLEAN:
        valid: st.SearchStrategy[Any] = st.booleans()
    elif item.kind is Kind.TEXT:
        valid = st.text(alphabet="abc \n", max_size=20)
    elif item.kind is Kind.RANGE:
        valid = st.integers(item.minimum, item.maximum)
    else:
        valid = st.sampled_from([option.value for option in item.options])
    return st.none() | valid if blank else valid


def sheets_of(definition: Definition, *, blank: bool = True) -> st.SearchStrategy[dict[str, Any]]:
    """Sets of valid answers by link id."""
    return st.fixed_dictionaries({item.link_id: answers_of(item, blank=blank) for item in definition.items})
