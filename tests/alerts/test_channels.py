"""Over which channels a page goes out, and when."""

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from apps.alerts.channels import FALLBACK_AFTER, Way, sendings, ways_from
from apps.alerts.levels import Level

NOW = timedelta(0)
PUSH, SMS, MAIL, VOICE = Way("push", "device"), Way("sms", "+1"), Way("email", "a@b"), Way("voice", "+2")


def plan(level: Level, *ways: Way, repeat: bool = False) -> list[tuple[str, float]]:
    return [(one.way.key, one.after.total_seconds()) for one in sendings(level, ways, repeat=repeat)]


def test_a_p1_goes_out_by_push_and_text_at_once_and_the_rest_follows_minute_by_minute() -> None:
    assert plan(Level.P1, MAIL, SMS, VOICE, PUSH) == [("sms", 0), ("push", 0), ("email", 60), ("voice", 120)]


def test_a_repeat_rings_as_well() -> None:
    assert plan(Level.P1, MAIL, SMS, VOICE, repeat=True) == [("sms", 0), ("voice", 0), ("email", 60)]


def test_a_p1_for_somebody_with_mail_alone_goes_by_mail_at_once() -> None:
    assert plan(Level.P1, MAIL) == [("email", 0)]


def test_a_p2_takes_the_ways_in_the_persons_own_order() -> None:
    assert plan(Level.P2, VOICE, MAIL, PUSH, repeat=True) == [("voice", 0), ("email", 60), ("push", 120)]


def test_a_task_is_told_on_the_page_only() -> None:
    assert plan(Level.P3, SMS, MAIL, PUSH, repeat=True) == [("in-app", 0)]


def test_the_ways_of_one_channel_are_told_apart() -> None:
    assert [way.key for way in ways_from([("sms", "+1"), ("email", "a"), ("sms", "+2")])] == ["sms", "email", "sms2"]


channel_names = st.sampled_from(["push", "sms", "email", "voice"])
some_ways = st.lists(st.tuples(channel_names, st.text(min_size=1, max_size=5)), min_size=1, max_size=6).map(ways_from)


@given(st.sampled_from([Level.P1, Level.P2]), some_ways, st.booleans())
def test_every_way_is_used_once_one_of_them_at_once_and_none_skips_a_minute(
    level: Level, ways: list[Way], repeat: bool
) -> None:
    made = sendings(level, ways, repeat=repeat)
    assert sorted(one.way.key for one in made) == sorted(way.key for way in ways)
    delays = [one.after for one in made]
    assert delays[0] == NOW
    assert delays == sorted(delays)
    assert all(later - before in (NOW, FALLBACK_AFTER) for before, later in pairwise(delays))
