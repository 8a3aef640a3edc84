"""Changes that weaken the paging wait here for a second person; and the switch of each ladder.

The administrator of a clinic or a licensed clinician confirms; never the one who asked.
"""

from collections.abc import Callable
from typing import Any, Final
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from apps.accounts import pending
from apps.accounts.clinic_settings import confirmed_setting
from apps.accounts.doors import door
from apps.accounts.models import Clinic, ContactPoint, PendingChange, User
from apps.accounts.pending import CONFIRMS, ChangeRefused
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.accounts.staff_contacts import confirmed_contact, confirmed_new_contact
from apps.alerts.actions import ladders
from apps.alerts.actions.rules import confirmed_end, confirmed_rule
from apps.alerts.models import EscalationPolicy, EscalationRung, Rule

SHOWN: Final = 20
#: A setting in words, with its unit.
SETTING_WORDS: Final = {
    "p1_acknowledge_minutes": gettext_lazy("Minutes until an alert to act on now climbs, when nobody takes it"),
    "p1_contact_minutes": gettext_lazy("Minutes to reach the person of an alert to act on now"),
    "p2_acknowledge_minutes": gettext_lazy("Minutes until an alert of today climbs, when nobody takes it"),
    "p2_contact_minutes": gettext_lazy("Minutes to reach the person of an alert of today"),
    "p3_due_minutes": gettext_lazy("Minutes until a task is overdue"),
    "repeat_page_minutes": gettext_lazy("Minutes between two pages about the same alert"),
    "p1_lease_minutes": gettext_lazy("Minutes until a taken alert to act on now comes back"),
    "p2_lease_minutes": gettext_lazy("Minutes until a taken alert of today comes back"),
    "mood_fall_points": gettext_lazy("Points of mood whose loss makes a task"),
    "vital_episode_minutes": gettext_lazy("Minutes until a vital sign is a new episode"),
    "fallback_contact": gettext_lazy("Whom to reach when nobody else is"),
    "pager_test_contact": gettext_lazy("Who gets the daily test of the pager"),
}
# kind of change -> what makes it. Raises ChangeRefused where it cannot be made any more.
DO: Final[dict[str, Callable[[PendingChange, User], None]]] = {
    "ladder": ladders.confirmed_rungs,
    "ladder-off": ladders.confirmed_off,
    "rule": confirmed_rule,
    "rule-off": confirmed_end,
    "setting": confirmed_setting,
    "contact": confirmed_contact,
    "contact-new": confirmed_new_contact,
}


def _clinic(request: ClinicRequest) -> Clinic:
    if request.user.membership is None:
        raise Http404
    return request.user.membership.clinic


@require_GET
@door(Permission.SEE_DESK, Permission.MANAGE_CLINIC)
def second_person(request: ClinicRequest) -> HttpResponse:
    """What waits, what was decided, and every ladder with its switch."""
    clinic = _clinic(request)
    policies = EscalationPolicy.objects.filter(clinic=clinic).prefetch_related("rungs").order_by("level", "hours")
    decided = PendingChange.objects.filter(clinic=clinic).exclude(outcome="").select_related("asked_by", "decided_by")
    context = {
        "nav": "roster",
        "waiting": [_line(row, request.user) for row in pending.waiting(clinic)],
        "decided": [_line(row, request.user) for row in decided.order_by("-decided_at")[:SHOWN]],
        "ladders": policies,
        "may_manage": request.user.may(Permission.MANAGE_CLINIC),
        "may_confirm": any(request.user.may(need) for need in CONFIRMS),
        "others": len(pending.second_persons(clinic, request.user)),
    }
    return render(request, "alerts/second_person.html", context)


def _line(row: PendingChange, user: User) -> dict[str, Any]:
    """The change in words: what stands there, and what is asked for."""
    return {
        "row": row,
        "about": SETTING_WORDS.get(row.subject, "") if row.kind == "setting" else "",
        "mine": row.asked_by_id == user.pk,
        "before": _words(row, row.before),
        "after": _words(row, row.after),
    }


def _words(row: PendingChange, value: Any) -> str:
    if row.kind.startswith("ladder"):
        targets = dict(EscalationRung._meta.get_field("target").flatchoices)
        return " → ".join(str(targets.get(one, one)) for one in value) or _("nobody: off")
    if row.kind.startswith("rule"):
        rule = Rule.objects.filter(clinic_id=row.clinic_id, pk=value).first() if value else None
        return f"{rule}, {rule.level}, {rule.get_audience_display()}, {rule.parameters}" if rule else _("off")
    if row.kind.startswith("contact") and value:
        channels = dict(ContactPoint._meta.get_field("channel").flatchoices)
        return f"{channels.get(value['channel'], value['channel'])} {value['address']} ({value['rank']})"
    return str(value) if value != "" else _("nothing")


@require_POST
@door(*CONFIRMS)
def decide(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """do=confirm or refuse; by whoever asked, refuse withdraws it."""
    row = get_object_or_404(PendingChange, clinic=_clinic(request), pk=pk)
    try:
        if request.POST.get("do") == "confirm":
            pending.confirm(change=row, actor=request.user, do=DO[row.kind])
            messages.success(request, _("Confirmed. It is in force now."))
        elif request.POST.get("do") == "refuse":
            pending.refuse(change=row, actor=request.user)
            messages.success(request, _("It stays as it was."))
    except ChangeRefused as refusal:
        messages.error(request, refusal.message)
    return redirect("second-person")


@require_POST
@door(Permission.MANAGE_CLINIC)
def ladder_switch(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """do=off with a reason (waits for a second person) or on (at once)."""
    policy = get_object_or_404(EscalationPolicy, clinic=_clinic(request), pk=pk)
    try:
        if request.POST.get("do") == "off":
            ladders.switch_off(policy=policy, actor=request.user, reason=request.POST.get("reason", ""))
            messages.warning(request, _("Still on. A second person must confirm that it be switched off."))
        elif request.POST.get("do") == "on":
            ladders.switch_on(policy=policy, actor=request.user)
            messages.success(request, _("In force from now on."))
    except ChangeRefused as refusal:
        messages.error(request, refusal.message)
    return redirect("second-person")
