"""The verbs of monitoring."""

from apps.monitoring.actions.answers import Saved, save_answer
from apps.monitoring.actions.assignments import assign, end, pause
from apps.monitoring.actions.library import PublishedDiffers, newest, publish_library
from apps.monitoring.actions.observations import Reading, Recorded, record_observations
from apps.monitoring.actions.responses import submit_response

__all__ = [
    "PublishedDiffers",
    "Reading",
    "Recorded",
    "Saved",
    "assign",
    "end",
    "newest",
    "pause",
    "publish_library",
    "record_observations",
    "save_answer",
    "submit_response",
]
