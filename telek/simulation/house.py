"""What the demonstration clinic itself keeps: its stock of medicines, ready answers, and a change that waits for two."""

from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO

from django.db import transaction
from PIL import Image, ImageDraw

from apps.accounts import pending
from apps.accounts.clinic_settings import ask_for_setting
from apps.accounts.models import Clinic, User
from apps.accounts.permissions import Role
from apps.core import clock
from apps.core.ids import new_id
from apps.messaging.actions import open_thread, send_message
from apps.messaging.files.reading import read_file
from apps.messaging.ready_answers import write_first_answers
from apps.sessions import actions
from apps.sessions.actions import NewLot, Signed
from apps.sessions.actions.stock import balance_of
from apps.sessions.models import StockDifference, StockLot
from telek.simulation.chairs import PIN
from telek.simulation.doses import Team
from telek.simulation.run import Life

#: Product, what, lot, days until it expires, mg in one, how many came.
LOTS = (
    ("ketamine", "Ketamine 500 mg/10 mL vial", "KT-2207", 240, 500, 10),
    ("ketamine", "Ketamine 150 mg troche", "OR-0311", 55, 150, 40),
    ("esketamine", "Esketamine 28 mg nasal device", "24KJ118", 400, 28, 24),
)


def fill_stock(team: Team, until: datetime) -> None:
    """Three lots that came six weeks ago."""
    with clock.at(until - timedelta(days=42)), transaction.atomic():
        for product, what, lot, days, unit, came in LOTS:
            new = NewLot(product, what, lot, (until + timedelta(days=days)).date(), Decimal(unit))
            actions.add_lot(clinic=_clinic(team), new=new, units=came, signed=_signed(team), actor=team.nurse)


def _clinic(team: Team) -> Clinic:
    if team.nurse.membership is None:
        raise LookupError("the nurse is in no clinic")
    return team.nurse.membership.clinic


def _signed(team: Team) -> Signed:
    return Signed(team.signed["second_id"], PIN)


def count_stock(team: Team, until: datetime) -> None:
    """A broken device, a count that did not match and was explained, and this morning's counts."""
    with transaction.atomic():
        vials, _troches, devices = (StockLot.objects.get(clinic=_clinic(team), lot=lot) for _p, _w, lot, *_more in LOTS)
    signed = _signed(team)
    with clock.at(until - timedelta(days=6)), transaction.atomic():
        actions.enter_stock(
            lot=devices, kind="broken", amount_mg=Decimal(28), signed=signed, actor=team.nurse, reason="Fell, leaked"
        )
        actions.count_stock(lot=devices, counted_mg=Decimal(616), signed=signed, actor=team.nurse)
    with clock.at(until - timedelta(days=6, minutes=-25)), transaction.atomic():
        for difference in StockDifference.objects.filter(lot=devices, resolved_at=None):
            words = "The box behind the first one was not counted: 616 mg again, 23 devices are there."
            actions.explain_difference(difference=difference, resolution=words, actor=team.doctor)
    with clock.at(until - timedelta(hours=3)), transaction.atomic():
        for lot in (vials, devices):
            there = balance_of(lot)
            actions.count_stock(lot=lot, counted_mg=there, signed=signed, actor=team.nurse)


def keep_answers_ready(team: Team, until: datetime) -> None:
    """The answers to begin with."""
    with clock.at(until - timedelta(days=30)), transaction.atomic():
        write_first_answers(clinic=_clinic(team), actor=team.nurse)


def send_photo(life: Life, at: datetime) -> None:
    """A drawing of where the plaster was, as somebody would photograph it."""
    with clock.at(at), transaction.atomic():
        file = read_file(_picture(), "arm.png", most_megabytes=5)
        words = "This is where the plaster was. Is it all right?"
        thread = open_thread(patient=life.patient)
        send_message(thread=thread, body=words, client_id=new_id(), actor=life.user, file=file)


def _picture() -> bytes:
    picture = Image.new("RGB", (960, 640), "#e3c3aa")
    pen = ImageDraw.Draw(picture)
    for step, shade in enumerate(("#dfb298", "#d99f88", "#d28d7a")):
        pen.rounded_rectangle((330 + 30 * step, 210 + 24 * step, 630 - 30 * step, 430 - 24 * step), 50, fill=shade)
    held = BytesIO()
    picture.save(held, "PNG")
    return held.getvalue()


def ask_two_people(clinic: Clinic, staff: dict[Role, User]) -> None:
    """The administrator asked for two changes that make the paging weaker: one was refused, one waits."""
    admin, doctor = staff.get(Role.CLINIC_ADMIN), staff[Role.PRESCRIBER]
    if admin is None:
        return
    with transaction.atomic():
        refused = ask_for_setting(
            clinic=clinic, name="p1_acknowledge_minutes", value=20, actor=admin, reason="Fewer calls at night"
        )
        if refused is not None:
            pending.refuse(change=refused, actor=doctor)
        ask_for_setting(
            clinic=clinic,
            name="p2_acknowledge_minutes",
            value=90,
            actor=admin,
            reason="Mornings are full until the second nurse begins",
        )
