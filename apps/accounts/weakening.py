"""Which settings make the paging weaker when they change: those need a second person. Pure."""

from typing import Any, Final

#: The longer or greater, the later somebody is told.
MORE_IS_WEAKER: Final = frozenset(
    {
        "p1_acknowledge_minutes",
        "p1_contact_minutes",
        "p2_acknowledge_minutes",
        "p2_contact_minutes",
        "p3_due_minutes",
        "repeat_page_minutes",
        "p1_lease_minutes",
        "p2_lease_minutes",
        "mood_fall_points",
        "vital_episode_minutes",
        "home_look_in_minutes",
        "home_grace_minutes",
        "all_clear_hour",
    }
)
#: Whom to reach when nobody else is: any change of one that is set.
CONTACTS: Final = frozenset({"fallback_contact", "pager_test_contact"})
_LOWER_LIMITS: Final = ("_low", "spo2_critical")


def weakens(name: str, before: Any, after: Any) -> bool:
    """Would the change of that setting tell somebody later, or at a worse value, or not at all?"""
    if name in CONTACTS:
        return bool(before) and after != before
    if name in MORE_IS_WEAKER:
        return bool(after > before)
    if name.startswith("vital_"):
        return bool(after < before if name.endswith(_LOWER_LIMITS) else after > before)
    return False
