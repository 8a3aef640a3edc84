"""Draft, try, publish and retire a clinic's own rules, and raise what they find."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.text import slugify
from django.utils.translation import gettext as _

from apps.accounts import pending
from apps.accounts.models import Clinic, PendingChange, User
from apps.accounts.pending import ChangeRefused
from apps.alerts.actions.raising import raise_alert
from apps.alerts.levels import Level
from apps.alerts.models import Alert, Rule
from apps.alerts.refusal import AlertRefused
from apps.alerts.rules.evaluators import BY_CLOCK, EVALUATORS, evaluate
from apps.alerts.rules.facts import Facts, Fired
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.core.db.kept import KeptQuery
from apps.patients.models import Patient

RUN_EVERY = timedelta(hours=1)
#: Items about thoughts of suicide: instrument -> item (clinical reference 1.2).
FLOOR = {("phq-9", "q9"), ("qids-sr16", "q12"), ("madrs", "q10")}


@transaction.atomic
def draft_rule(*, clinic: Clinic, actor: User, kind: str, parameters: Mapping[str, Any], **words: str) -> Rule:
    """A new rule, or the next version of one (words["key"]). words: name, why, source, level, audience."""
    assert actor.membership is not None  # noqa: S101  (doors let nobody else in)
    key = words.pop("key", "") or slugify(words["name"])[:30] or "rule"
    newest = Rule.objects.filter(clinic=clinic, key=key).order_by("-version").first()
    if newest is not None and newest.floor and newest.in_force:
        raise AlertRefused("floor", _("This rule is part of the floor. It stays as it is."))
    floor = kind == "item" and (parameters["instrument"], parameters["item"]) in FLOOR
    row = Rule.objects.create(
        clinic=clinic,
        key=key,
        version=newest.version + 1 if newest else 1,
        kind=kind,
        parameters=dict(parameters),
        floor=floor,
        made_by=actor.membership,
        **words,
    )
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=row, detail=key)
    return row


@transaction.atomic
def note_trial(*, rule: Rule, trial: Mapping[str, Any], actor: User) -> None:
    """Keep what the dry run found. Raises AlertRefused: published."""
    if rule.published_at is not None:
        raise AlertRefused("published", _("This version is published. It stays as it is."))
    rule.trial, rule.tried_at = dict(trial), clock.now()
    rule.save(update_fields=["trial", "tried_at"])
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=rule, detail="tried")


@transaction.atomic
def put_in_force(*, rule: Rule, actor: User, reason: str = "") -> PendingChange | None:
    """Publish it, or, where it replaces one that would find more or be told to more people, let it wait for a second person.

    Raises AlertRefused as publish_rule does.
    """
    _publishable(rule)
    before = Rule.objects.filter(clinic_id=rule.clinic_id, key=rule.key, retired_at__isnull=True)
    in_force = before.filter(published_at__isnull=False).first()
    if in_force is None or not weaker_rule(in_force, rule):
        publish_rule(rule=rule, actor=actor)
        return None
    return _wait(rule, actor, "rule", str(in_force.pk), reason)


@transaction.atomic
def ask_to_retire(*, rule: Rule, actor: User, reason: str = "") -> PendingChange:
    """Let its end wait for a second person. Raises AlertRefused as retire_rule does."""
    _retirable(rule)
    return _wait(rule, actor, "rule-off", str(rule.pk), reason)


def _wait(rule: Rule, actor: User, kind: str, before: str, reason: str) -> PendingChange:
    return pending.ask(
        clinic=rule.clinic,
        actor=actor,
        kind=kind,
        subject=str(rule.pk),
        name=str(rule),
        before=before,
        after=str(rule.pk) if kind == "rule" else "",
        reason=reason,
    )


def weaker_rule(before: Rule, after: Rule) -> bool:
    """Anything but the same finding, told to as many, as urgently or more."""
    same = (before.kind, before.parameters) == (after.kind, after.parameters)
    narrower = before.audience == "desk" and after.audience != "desk"
    return not same or narrower or Level(after.level) < Level(before.level)


def confirmed_rule(change: PendingChange, actor: User) -> None:
    """What `pending.confirm` does for the next version of a rule: in force in the name of whoever asked."""
    rule = _asked(change)
    in_force = Rule.objects.filter(
        clinic_id=rule.clinic_id, key=rule.key, published_at__isnull=False, retired_at__isnull=True
    )
    if [str(one.pk) for one in in_force] != [change.before]:
        raise ChangeRefused("changed", _("It was changed meanwhile. Ask again."))
    _refusing(publish_rule, rule, actor)


def confirmed_end(change: PendingChange, actor: User) -> None:
    """What `pending.confirm` does for the end of a rule."""
    _refusing(retire_rule, _asked(change), actor)


def _asked(change: PendingChange) -> Rule:
    return Rule.objects.get(clinic_id=change.clinic_id, pk=UUID(change.subject))


def _refusing(verb: Callable[..., None], rule: Rule, actor: User) -> None:
    try:
        verb(rule=rule, actor=actor)
    except AlertRefused as refusal:
        raise ChangeRefused(refusal.code, refusal.message) from refusal


def _publishable(rule: Rule) -> None:
    if rule.published_at is not None:
        raise AlertRefused("published", _("This version is published already."))
    if rule.tried_at is None:
        raise AlertRefused("not-tried", _("Try it on the last 90 days first."))


def _retirable(rule: Rule) -> None:
    if rule.floor:
        raise AlertRefused("floor", _("A rule about thoughts of suicide cannot be switched off."))
    if rule.published_at is None or rule.retired_at is not None:
        raise AlertRefused("not-in-force", _("This rule is not in force."))


@transaction.atomic
def publish_rule(*, rule: Rule, actor: User) -> None:
    """In force from now on; the version before it ends. Raises AlertRefused: published, not-tried, floor."""
    rule = Rule.objects.select_for_update().get(pk=rule.pk)
    _publishable(rule)
    now = clock.now()
    for earlier in Rule.objects.filter(clinic_id=rule.clinic_id, key=rule.key, published_at__isnull=False):
        if earlier.in_force:
            retire_rule(rule=earlier, actor=actor)
    rule.published_at, rule.published_by = now, actor.membership
    rule.next_run_at = now if rule.kind in BY_CLOCK else None
    rule.save(update_fields=["published_at", "published_by", "next_run_at"])
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=rule, detail="published")


@transaction.atomic
def retire_rule(*, rule: Rule, actor: User) -> None:
    """It finds nothing any more. Raises AlertRefused for the floor, as the database does."""
    _retirable(rule)
    rule.retired_at, rule.retired_by, rule.next_run_at = clock.now(), actor.membership, None
    rule.save(update_fields=["retired_at", "retired_by", "next_run_at"])
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=rule, detail="retired")


def rules_in_force(clinic_id: Any, *kinds: str) -> list[Rule]:
    """What a clinic has published of those kinds."""
    return _IN_FORCE.rows(clinic_id, kinds=kinds or tuple(EVALUATORS))


_IN_FORCE: KeptQuery[Rule] = KeptQuery(
    lambda clinic, kinds: Rule.objects.filter(
        clinic_id=clinic, published_at__isnull=False, retired_at__isnull=True, kind__in=kinds
    )
)


def apply_rules(*, patient: Patient, facts: Facts, rules: list[Rule]) -> list[Alert]:
    """Raise what the rules find in the facts, in the caller's transaction; each finding once."""
    found = [(rule, evaluate(rule.kind, rule.parameters, facts)) for rule in rules]
    return [_raise(patient, rule, fired) for rule, fired in found if fired is not None]


def _raise(patient: Patient, rule: Rule, fired: Fired) -> Alert:
    return raise_alert(
        patient=patient,
        cause=f"rule-{rule.key}",
        level=rule.level,
        title=f"{rule.name}: {fired.value}",
        source_kind=fired.source_kind,
        source_id=fired.source,
        rule_code=f"{rule.key}-{rule.version}",
        value=fired.ordinal,
        detail=rule.why,
        audience=rule.audience,
        synthetic=patient.synthetic,
    )
