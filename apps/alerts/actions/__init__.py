"""Every verb of alerts. Others import from here: `from apps.alerts.actions import raise_alert`."""

from apps.alerts.actions.calls import CallPromise, call_promise, request_call
from apps.alerts.actions.closing import contact_made, resolve, review_level, snooze, what_is_missing
from apps.alerts.actions.handling import acknowledge, escalate_now, hand_over, record_contact, still_with_them
from apps.alerts.actions.raising import raise_alert
from apps.alerts.refusal import AlertRefused

__all__ = [
    "AlertRefused",
    "CallPromise",
    "acknowledge",
    "call_promise",
    "contact_made",
    "escalate_now",
    "hand_over",
    "raise_alert",
    "record_contact",
    "request_call",
    "resolve",
    "review_level",
    "snooze",
    "still_with_them",
    "what_is_missing",
]
