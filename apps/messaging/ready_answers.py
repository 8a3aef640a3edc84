"""Answers that a clinic keeps ready: written, replaced and retired by those who answer, and found by their words."""

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import Clinic, Membership, User
from apps.accounts.permissions import Permission
from apps.audit import actions as audit
from apps.audit.models import Action
from apps.core import clock
from apps.messaging.models import ReadyAnswer
from apps.messaging.refusal import MessageRefused

#: To begin with: plain words, no promise and no clinical advice; a clinic takes them over by a button and changes them.
FIRST = (
    (gettext_lazy("Read, will answer"), gettext_lazy("Thank you for writing. I have read it and will answer today.")),
    (
        gettext_lazy("Ask for a call"),
        gettext_lazy("I would like to talk about this on the phone. When can I reach you today, and on which number?"),
    ),
    (
        gettext_lazy("Getting home after a dose"),
        gettext_lazy(
            "After your dose please do not drive or cycle until you have slept through the night."
            " Someone has to bring you home. Who will that be?"
        ),
    ),
    (
        gettext_lazy("Before a dose"),
        gettext_lazy(
            "Please do not eat for two hours before your visit, and drink nothing for half an hour before it."
        ),
    ),
    (
        gettext_lazy("Not urgent line"),
        gettext_lazy(
            "If it gets worse or you do not feel safe, do not wait for us: use the help buttons on every page."
        ),
    ),
    (
        gettext_lazy("Book a visit"),
        gettext_lazy("Please choose a time that suits you under Visits. I will call you then."),
    ),
)


@transaction.atomic
def write_answer(
    *, clinic: Clinic, title: str, body: str, actor: User, replaces: ReadyAnswer | None = None
) -> ReadyAnswer:
    """A new answer, or other words for one: the old row stays, retired. Raises MessageRefused (not-staff, taken, retired)."""
    member = _member(actor)
    if replaces is not None:
        _retire(replaces, actor)
    try:
        with transaction.atomic():
            made = ReadyAnswer.objects.create(clinic=clinic, title=title.strip(), body=body.strip(), author=member)
    except IntegrityError as error:
        raise MessageRefused("taken", _("There is an answer of that name already.")) from error
    audit.record(action=Action.CREATE, actor_id=actor.pk, obj=made)
    return made


@transaction.atomic
def retire_answer(*, answer: ReadyAnswer, actor: User) -> None:
    """It is offered no more."""
    _member(actor)
    _retire(answer, actor)


@transaction.atomic
def write_first_answers(*, clinic: Clinic, actor: User) -> int:
    """The answers to begin with, those that are not there yet. Returns how many were added."""
    member = _member(actor)
    there = set(ReadyAnswer.objects.filter(clinic=clinic, retired_at__isnull=True).values_list("title", flat=True))
    wanted = [(str(title), str(body)) for title, body in FIRST if str(title) not in there]
    for title, body in wanted:
        made = ReadyAnswer.objects.create(clinic=clinic, title=title, body=body, author=member)
        audit.record(action=Action.CREATE, actor_id=actor.pk, obj=made)
    return len(wanted)


def _retire(answer: ReadyAnswer, actor: User) -> None:
    changed = ReadyAnswer.objects.filter(pk=answer.pk, retired_at__isnull=True).update(retired_at=clock.now())
    if not changed:
        raise MessageRefused("retired", _("Somebody has changed or removed this answer meanwhile."))
    audit.record(action=Action.UPDATE, actor_id=actor.pk, obj=answer, detail="retired")


def _member(actor: User) -> Membership:
    if actor.membership is None or not actor.may(Permission.CHAT):
        raise MessageRefused("not-staff", _("Only those who answer messages keep answers ready."))
    return actor.membership
