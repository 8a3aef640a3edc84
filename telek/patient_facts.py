"""What the desk must know of a person beside their alert: identity, curve, where they are, whom to call."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core.charts import Point
from apps.core.clock import zone_of
from apps.messaging.models import Thread
from apps.monitoring.instruments import Definition
from apps.monitoring.models import Anchor, ItemAnswer, Questionnaire, QuestionnaireResponse
from apps.patients.models import EmergencyContact, Patient, SafetyNote, SafetyPlan, Whereabouts
from telek.curves import INSTRUMENT, points_of
from telek.worklist import age, sex_letter

LAST_ITEM = "q9"
RESPONSES_KEPT = 300


@dataclass(frozen=True)
class ItemLine:
    """One item as answered last, the time before, and the change."""

    number: int
    words: str
    before: int | None
    now: int | None
    hit: bool

    @property
    def change(self) -> int | None:
        return None if self.before is None or self.now is None else self.now - self.before


class PatientFacts:
    """Read on demand, each thing once, through what the reader may see."""

    def __init__(self, patient: Patient, user: User, at: datetime) -> None:
        self.patient, self.user, self.at = patient, user, at
        membership = user.membership
        self.zone = zone_of(membership.clinic.time_zone if membership else "UTC")
        scored = self._rows(QuestionnaireResponse).filter(questionnaire__key=INSTRUMENT, status="completed")
        newest = scored.order_by("-authored_at")[:RESPONSES_KEPT]
        self.responses = list(reversed(newest))  # the last ones, oldest first; the curve is of all
        valid = scored.filter(valid=True, total__isnull=False).order_by("authored_at")
        totals = list(valid.values_list("authored_at", "total"))
        self.points: list[Point] = points_of(totals, self.zone, at)
        self.doses = list(self._rows(Anchor).filter(kind="dose", status="completed").order_by("started_at"))
        self.plan: SafetyPlan | None = self._rows(SafetyPlan).order_by("-version").first()
        self.thread: Thread | None = self._rows(Thread).first()

    def _rows(self, model: Any) -> Any:
        return model.objects.visible_to(self.user).filter(patient=self.patient)

    @property
    def sketch(self) -> str:
        """34 F."""
        today = self.at.astimezone(self.zone).date()
        return f"{age(self.patient.birth_on, today)} {sex_letter(self.patient)}".strip()

    @property
    def last_dose(self) -> Anchor | None:
        return self.doses[-1] if self.doses else None

    @property
    def dose_day(self) -> int | None:
        """Days since the last dose, in the clinic's calendar."""
        if not self.doses:
            return None
        return (self.at.astimezone(self.zone).date() - self.doses[-1].started_at.astimezone(self.zone).date()).days

    def plan_steps(self) -> list[tuple[str, str]]:
        """The six steps of the safety plan in force, with their titles; none without a plan."""
        if self.plan is None:
            return []
        words = [
            ("warning_signs", _("Warning signs")),
            ("alone", _("What helps alone")),
            ("people_and_places", _("People and places")),
            ("ask_for_help", _("People to ask for help")),
            ("professionals", _("Professionals and crisis lines")),
            ("safer_surroundings", _("Safer surroundings")),
        ]
        return [(title, getattr(self.plan, name)) for name, title in words]

    def contacts(self) -> list[EmergencyContact]:
        return list(self._rows(EmergencyContact))

    def whereabouts(self) -> Whereabouts | None:
        """The last answer to "where are you now"."""
        return self._rows(Whereabouts).order_by("-created_at").first()

    def said_where(self, since: datetime, until: datetime | None = None) -> list[Whereabouts]:
        """Every answer to "where are you now" since then."""
        rows = self._rows(Whereabouts).filter(created_at__range=(since, until or self.at))
        return list(rows.order_by("created_at"))

    def notes(self) -> list[SafetyNote]:
        """What bears on risk, newest first."""
        found = self._rows(SafetyNote).filter(status="final").select_related("author__user")
        return list(found.order_by("-created_at"))

    def item_nine(self) -> list[int | None]:
        """The item of thoughts of death over the last answers, oldest first."""
        return [response.answers.get(LAST_ITEM) for response in self.responses[-5:]]

    def seen(self) -> list[Any]:
        """What the audit trail must name when these facts were shown."""
        return [row for row in (self.patient, self.plan, *self.responses[-2:]) if row is not None]


def item_lines(newest: dict[str, Any], before: dict[str, Any] | None, definition: Definition) -> list[ItemLine]:
    """Items of an instrument with the newest answer beside the one before; hit: an answer that demands a level."""
    rules = {rule.link_id: rule for rule in definition.safety}
    lines = []
    for number, item in enumerate(definition.items, start=1):
        now = newest.get(item.link_id)
        rule = rules.get(item.link_id)
        hit = rule is not None and rule.level_of(now) is not None
        earlier = before.get(item.link_id) if before else None
        lines.append(ItemLine(number, item.topic or item.text or item.link_id, _number(earlier), _number(now), hit))
    return lines


def _number(value: Any) -> int | None:
    return int(value) if isinstance(value, int) else None


def answers_in_slot(user: User, answer_ids: list[Any]) -> tuple[Questionnaire, dict[str, Any]] | None:
    """The questionnaire and newest answers of the slot in which one of these was given, submitted or not."""
    visible = ItemAnswer.objects.visible_to(user)
    source = visible.filter(pk__in=answer_ids).select_related("questionnaire").order_by("-received_at").first()
    if source is None:
        return None
    rows = visible.filter(slot_id=source.slot_id).order_by("received_at", "id")
    return source.questionnaire, {row.link_id: row.value for row in rows}
