"""Live: "sessions" (the board), "visits" (the desk's waiting room), "visit:<id>" (both sides' state and their signalling), and commands.

A visit's own topic is for its patient and its clinician alone: what one side signals holds network addresses.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.template.loader import get_template
from django.utils.translation import gettext as _

from apps.accounts.permissions import Permission
from apps.audit import actions as audit
from apps.audit.actions import Fact
from apps.audit.models import Action
from apps.core import clock
from apps.core.topics import CommandRefused, Offer, Row
from apps.sessions import actions
from apps.sessions.board import on_the_board, with_wishes
from apps.sessions.models import DosingSession, Visit, VisitSeat, VisitStatus
from apps.sessions.record import PEOPLE, is_patient
from apps.sessions.refusal import VisitRefused
from apps.sessions.rows import desk_row, in_the_room, side_row
from apps.sessions.signalling import clean_frame
from apps.sessions.tiles import tile_of
from apps.sessions.ways import paths


class WaitingRoom:
    """The visits around now, as every page of the desk hears them."""

    def may_follow(self, user: Any, key: str) -> bool:
        return bool(user.may(Permission.SEE_CLINICAL)) and not key

    def rows(self, user: Any, key: str, only: list[str] | None) -> list[Row]:
        visible = Visit.objects.visible_to(user)
        if only is None:
            return [desk_row(visit, user) for visit in in_the_room(visible)]
        named = visible.filter(pk__in=[one for one in only if as_uuid(one)])
        here = {visit.pk: desk_row(visit, user) for visit in in_the_room(named)}
        return [here.get(pk, {"id": str(pk), "version": version}) for pk, version in named.values_list("pk", "version")]


Viewer = tuple[Any, Mapping[str, int]]


class Chairs:
    """The session board: every open session, its tile as html; over: id and version only."""

    def may_follow(self, user: Any, key: str) -> bool:
        return bool(user.may(Permission.SEE_CLINICAL)) and not key

    def rows(self, user: Any, key: str, only: list[str] | None) -> list[Row]:
        return self.for_all([(user, {})], key, only)[0]

    def for_all(self, viewers: Sequence[Viewer], key: str, only: list[str] | None) -> list[list[Row]]:
        """The rows of each viewer, who has these versions; all of one clinic, role and language.

        One or two queries whatever the number of chairs and viewers; a tile is rendered once. Each that is shown is
        audited.
        """
        if not viewers:
            return []
        user = viewers[0][0]
        versions, open_now = _all(viewers) if only is None else _named(viewers, only)
        html = {pk: _tile(session, user) for pk, session in open_now.items()}
        shown: list[Fact] = []
        rows: list[list[Row]] = [[] for _viewer in viewers]
        for pk, version in versions:
            for place, (viewer, have) in enumerate(viewers):
                row: Row = {"id": str(pk), "version": version}
                if pk in html and have.get(row["id"]) != version:
                    row["html"] = html[pk]
                    shown.append(Fact(Action.READ, viewer.pk, open_now[pk], "live session board"))
                rows[place].append(row)
        audit.record_together(shown)
        return rows


Chair = tuple[UUID, int]


def _lack(viewers: Sequence[Viewer], pk: UUID, version: int) -> bool:
    return any(have.get(str(pk)) != version for _user, have in viewers)


def _named(viewers: Sequence[Viewer], only: Sequence[str]) -> tuple[list[Chair], dict[UUID, DosingSession]]:
    """The versions of those sessions, and the open ones that somebody lacks with all that a tile shows: one query."""
    found = list(with_wishes(viewers[0][0]).filter(pk__in=[one for one in only if as_uuid(one)]).order_by())
    open_now = {one.pk: one for one in found if one.is_open and _lack(viewers, one.pk, one.version)}
    return [(one.pk, one.version) for one in found], open_now


def _all(viewers: Sequence[Viewer]) -> tuple[list[Chair], dict[UUID, DosingSession]]:
    """The versions of all open sessions, and those that somebody lacks with all that a tile shows."""
    user = viewers[0][0]
    rows = DosingSession.objects.visible_to(user).filter(status="in-progress").order_by("chair", "opened_at", "id")
    versions = list(rows.values_list("pk", "version"))
    lacking = [pk for pk, version in versions if _lack(viewers, pk, version)]
    return versions, {one.pk: one for one in on_the_board(user).filter(pk__in=lacking)} if lacking else {}


def _tile(session: DosingSession, user: Any) -> str:
    may_note = user.may(Permission.WRITE_OBSERVATIONS)
    context = {"tile": tile_of(session, clock.now()), "clinic": session.clinic, "may_note": may_note}
    return str(get_template("sessions/_tile.html").render(context))


class OneVisit:
    """One visit, for its two sides. Followed as a state and as a relay of signalling frames."""

    def may_follow(self, user: Any, key: str) -> bool:
        return visit_of(user, key) is not None

    def rows(self, user: Any, key: str, only: list[str] | None) -> list[Row]:
        visit = visit_of(user, key)
        return [side_row(visit, user)] if visit else []

    def accept(self, user: Any, key: str, frame: Row) -> Row | None:
        """Only from the page that has its side's seat, only while the call goes on."""
        visit = visit_of(user, key)
        if visit is None or visit.status != VisitStatus.IN_PROGRESS:
            raise CommandRefused("over", _("There is no call here."))
        cleaned = clean_frame(frame, paths(visit.clinic))
        if cleaned is None:
            return None
        by_patient = is_patient(user)
        seats = VisitSeat.objects.filter(visit=visit, by_patient=by_patient, left_at__isnull=True)
        if not seats.filter(token=cleaned["seat"], membership=user.membership).exists():
            raise CommandRefused("replaced", _("The visit is open on another page."))
        return {**cleaned, "side": "patient" if by_patient else "clinician"}  # said by the server, not by the page


def as_uuid(text: object) -> UUID | None:
    """The uuid written there, or None."""
    try:
        return UUID(text) if isinstance(text, str) else None
    except ValueError:
        return None


def visit_of(user: Any, key: str) -> Visit | None:
    """The visit of that id, if the person is one of its two sides."""
    pk = as_uuid(key)
    if pk is None or user.membership is None:
        return None
    rows = Visit.objects.visible_to(user).select_related(*PEOPLE).prefetch_related("seats")
    if not is_patient(user):
        rows = rows.filter(clinician=user.membership) if user.may(Permission.HOLD_VISITS) else rows.none()
    return rows.filter(pk=pk).first()


def _asked(user: Any, payload: Row) -> tuple[Visit, UUID]:
    visit, token = visit_of(user, str(payload.get("visit", ""))), as_uuid(payload.get("seat"))
    if visit is None or token is None:
        raise CommandRefused("not-found", _("There is no such visit."))
    return visit, token


def _command(verb: Callable[[Any, Visit, UUID, Row], object]) -> Callable[[Any, Row], Row]:
    """A command of the socket: {visit, seat, ...}; the answer carries nothing but that it was done."""

    def run(user: Any, payload: Row) -> Row:
        visit, token = _asked(user, payload)
        try:
            verb(user, visit, token, payload)
        except VisitRefused as refused:
            raise CommandRefused(refused.code, refused.message) from refused
        return {}

    return run


def _report(user: Any, visit: Visit, _token: UUID, payload: Row) -> None:
    """what: "dropped", "lowered", "raised" or "no-way"; detail: a few words."""
    what, detail = str(payload.get("what", "")), str(payload.get("detail", ""))
    actions.report(visit=visit, what=what, detail=detail, actor=user)


_ONE = OneVisit()
OFFER = Offer(
    states={"visits": WaitingRoom(), "visit": _ONE, "sessions": Chairs()},
    relays={"visit": _ONE},
    commands={
        "visit.wait": _command(lambda user, visit, token, _payload: actions.wait(visit=visit, token=token, actor=user)),
        "visit.join": _command(lambda user, visit, token, _payload: actions.join(visit=visit, token=token, actor=user)),
        "visit.here": _command(lambda user, visit, token, _payload: actions.here(visit=visit, token=token, actor=user)),
        "visit.leave": _command(
            lambda user, visit, token, _payload: actions.leave(visit=visit, token=token, actor=user)
        ),
        "visit.report": _command(_report),
    },
)
