"""Rules of the clinic: the floor, what is in force, a new one with its trial on the last 90 days."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.doors import door
from apps.accounts.models import Clinic, PendingChange
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.alerts.actions import rules as actions
from apps.alerts.models import Rule
from apps.alerts.refusal import AlertRefused
from apps.alerts.rule_forms import KINDS, RuleForm
from apps.alerts.rules.facts import Expected, Happened
from apps.core import clock
from apps.messaging.models import Message
from apps.monitoring.instruments import LIBRARY, Definition
from apps.monitoring.instruments.definition import SafetyRule
from apps.monitoring.plausibility import MEASURABLE
from apps.monitoring.rules.trial import DAYS, try_rule
from apps.outcomes.expecting import KIND, expected_of
from apps.patients.models import Patient

EITHER = (Permission.MANAGE_CLINIC, Permission.SEE_DESK)


def _clinic(request: ClinicRequest) -> Clinic:
    if request.user.membership is None:
        raise Http404
    return request.user.membership.clinic


def _rule(request: ClinicRequest, pk: UUID) -> Rule:
    rows = Rule.objects.filter(clinic=_clinic(request)).select_related("clinic", "made_by__user", "published_by__user")
    return get_object_or_404(rows, pk=pk)


@require_GET
@door(*EITHER)
def rules(request: ClinicRequest) -> HttpResponse:
    """What fires here: the built-in floor, and the clinic's own rules in every version."""
    rows = Rule.objects.filter(clinic=_clinic(request)).select_related("made_by__user")
    context = {
        "nav": "roster",
        "rules": rows.order_by("retired_at", "key", "-version"),
        "floor": floor(),
        "kinds": KINDS,
        "may_manage": request.user.may(Permission.MANAGE_CLINIC),
    }
    return render(request, "rules/rule_list.html", context)


def floor() -> list[tuple[str, str, list[tuple[str, str]]]]:
    """The built-in rules on single answers: survey, question, and each answer in words with its level."""
    return [
        (definition.title, _question(definition, rule.link_id), _answers(definition, rule))
        for definition in LIBRARY.values()
        for rule in definition.safety
    ]


def _question(definition: Definition, link_id: str) -> str:
    """The item's number and its topic."""
    item = definition.item(link_id)
    number = definition.link_ids.index(link_id) + 1 if link_id in definition.link_ids else link_id
    topic = _(item.topic) if item and item.topic else ""
    return f"{number}. {topic}" if topic else _("Item %(number)s") % {"number": number}


def _answers(definition: Definition, rule: SafetyRule) -> list[tuple[str, str]]:
    """Level and answer, the most urgent first."""
    item = definition.item(rule.link_id)
    found = []
    for value, level in rule.levels.items():
        words = _("Yes") if isinstance(value, bool) or item is None else item.label_of(value)
        found.append((str(level.value), int(value), _(words) if words else str(int(value))))
    return [(level, words) for level, _value, words in sorted(found)]


@require_http_methods(["GET", "POST"])
@door(Permission.MANAGE_CLINIC)
def rule_new(request: ClinicRequest) -> HttpResponse:
    """Draft a rule of a kind (?kind=); ?of=<id>: the next version of one."""
    kind = request.GET.get("kind", "score")
    if kind not in dict(KINDS):
        return redirect("rules")
    before = _before(request, kind)
    first = {**vars(before), **before.parameters} if before else {}
    first["phrases"] = "\n".join(first.get("phrases", []))
    form = RuleForm(
        request.POST if request.method == "POST" else None,
        kind=kind,
        initial=first,
        instruments=[(key, definition.title) for key, definition in sorted(LIBRARY.items())],
        codes=[(code, f"{known.name}, {known.unit}") for code, known in MEASURABLE.items()],
    )
    if request.method == "POST" and form.is_valid():
        words = form.words() | ({"key": before.key} if before else {})
        try:
            row = actions.draft_rule(
                clinic=_clinic(request), actor=request.user, kind=kind, parameters=form.parameters(), **words
            )
        except AlertRefused as refusal:
            form.add_error(None, refusal.message)
        else:
            return redirect("rule", row.pk)
    context = {"nav": "roster", "form": form, "kind": dict(KINDS)[kind], "before": before}
    return render(request, "rules/rule_new.html", context, status=422 if form.errors else 200)


def _before(request: ClinicRequest, kind: str) -> Rule | None:
    try:
        pk = UUID(request.GET.get("of", ""))
    except ValueError:
        return None
    return Rule.objects.filter(clinic=_clinic(request), kind=kind, pk=pk).first()


@require_GET
@door(*EITHER)
def rule(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """One version: what it says, what its trial found, and its verbs."""
    row = _rule(request, pk)
    context = {
        "nav": "roster",
        "rule": row,
        "highest": max([*row.trial.get("a_week", [0]), 1]),
        "may_manage": request.user.may(Permission.MANAGE_CLINIC),
        "waits": PendingChange.objects.filter(clinic=row.clinic, subject=str(row.pk), outcome="").first(),
        "may_see": request.user.may(Permission.SEE_CLINICAL),
    }
    return render(request, "rules/rule_show.html", context)


@require_POST
@door(Permission.MANAGE_CLINIC)
def rule_change(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """do=try, publish or retire."""
    row, do = _rule(request, pk), request.POST.get("do")
    try:
        if do == "try":
            actions.note_trial(rule=row, trial=try_rule(row, _written(row), _expected(row)), actor=request.user)
        elif do == "publish":
            waits = actions.put_in_force(rule=row, actor=request.user, reason=request.POST.get("reason", ""))
            _say(request, waits is not None)
        elif do == "retire":
            actions.ask_to_retire(rule=row, actor=request.user, reason=request.POST.get("reason", ""))
            _say(request, waits=True)
    except AlertRefused as refusal:
        messages.error(request, refusal.message)
    return redirect("rule", pk)


def _expected(row: Rule) -> dict[UUID, tuple[Expected, ...]]:
    """What the forecasts said, for rules that compare a score with it."""
    if row.kind != KIND:
        return {}
    return expected_of(Patient.objects.filter(clinic_id=row.clinic_id, status="active").values_list("pk", flat=True))


def _say(request: ClinicRequest, waits: bool) -> None:
    if waits:
        messages.warning(request, _("Not in force yet: a second person must confirm it, under Roster, Second person."))
    else:
        messages.success(request, _("In force from now on."))


def _written(row: Rule) -> dict[UUID, tuple[Happened, ...]]:
    """Messages of patients, for rules on words alone; only counts of them are kept."""
    if row.kind != "phrase":
        return {}
    since = clock.now() - timedelta(days=DAYS)
    rows = Message.objects.filter(clinic_id=row.clinic_id, from_patient=True, sent_at__gte=since)
    found: dict[UUID, tuple[Happened, ...]] = {}
    for message in rows.select_related("thread").order_by("sent_at"):
        key = message.thread.patient_id
        found[key] = (*found.get(key, ()), Happened(message.pk, message.sent_at, message.body))
    return found
