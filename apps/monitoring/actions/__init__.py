"""The verbs of monitoring."""

from apps.monitoring.actions.answers import Given, Saved, save_answer, save_answers
from apps.monitoring.actions.assignments import assign, change_schedule, end, pause
from apps.monitoring.actions.devices import (
    FoundDevice,
    add_device,
    find_device,
    give_device,
    record_from_device,
    revoke_device,
    set_limits,
)
from apps.monitoring.actions.library import PublishedDiffers, newest, on_offer, publish_library
from apps.monitoring.actions.observations import Reading, Recorded, correct_observation, record_observations
from apps.monitoring.actions.packs import publish_pack, read_upload, stage_pack, withdraw_pack
from apps.monitoring.actions.phases import plan_switch, switch_phase
from apps.monitoring.actions.ratings import ratable, record_rating
from apps.monitoring.actions.responses import submit_response
from apps.monitoring.actions.snooze import snooze
from apps.monitoring.actions.together import open_together, put_away, scales_for_visits

__all__ = [
    "FoundDevice",
    "Given",
    "PublishedDiffers",
    "Reading",
    "Recorded",
    "Saved",
    "add_device",
    "assign",
    "change_schedule",
    "correct_observation",
    "end",
    "find_device",
    "give_device",
    "newest",
    "on_offer",
    "open_together",
    "pause",
    "plan_switch",
    "publish_library",
    "publish_pack",
    "put_away",
    "ratable",
    "read_upload",
    "record_from_device",
    "record_observations",
    "record_rating",
    "revoke_device",
    "save_answer",
    "save_answers",
    "scales_for_visits",
    "set_limits",
    "snooze",
    "stage_pack",
    "submit_response",
    "switch_phase",
    "withdraw_pack",
]
