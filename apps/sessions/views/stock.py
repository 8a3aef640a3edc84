"""The ledger of controlled substances at the desk."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import OuterRef, Subquery
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.core import clock
from apps.sessions import actions
from apps.sessions.models import StockDifference, StockEntry, StockLot
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.stock_forms import CorrectForm, CountForm, EntryForm, LotForm
from apps.sessions.treatment.stock import Entry, sums

A_DAY = timedelta(hours=24)


@door(Permission.GIVE_DOSES)
@require_http_methods(["GET", "POST"])
def stock(request: ClinicRequest) -> HttpResponse:
    """Every lot with its balance and last count; what does not match; POST: a lot comes in."""
    clinic = request.user.membership.clinic  # type: ignore[union-attr]
    form = LotForm(request.POST if request.method == "POST" else None, clinic=clinic, actor=request.user)
    if form.is_bound and form.is_valid():
        with_form = {"clinic": clinic, "new": form.new(), "units": form.cleaned_data["units"], "signed": form.signed()}
        lot = _tried(form, lambda: actions.add_lot(**with_form, actor=request.user))
        if lot is not None:
            return redirect("stock-lot", lot.pk)
    newest = StockEntry.objects.filter(lot=OuterRef("pk")).order_by("-seq")
    lots = StockLot.objects.visible_to(request.user).annotate(
        balance=Subquery(newest.values("balance_mg")[:1]),
        counted_at=Subquery(newest.filter(kind="counted").values("occurred_at")[:1]),
    )
    now = clock.now()
    rows = [(lot, lot.counted_at is None or now - lot.counted_at > A_DAY) for lot in lots]
    audit.record_seen([lot for lot, _late in rows], actor_id=request.user.pk, detail="stock")
    context = {
        "nav": "sessions",
        "rows": [(lot, late and bool(lot.balance)) for lot, late in rows],
        "form": form,
        "today": now.date(),
        "differences": StockDifference.objects.visible_to(request.user).filter(resolved_at=None).select_related("lot"),
        "may_explain": request.user.may(Permission.PRESCRIBE),
    }
    return render(request, "sessions/stock_list.html", context, status=422 if form.errors else 200)


def _tried(form: forms.Form, verb: Callable[[], Any]) -> Any:
    """What the verb gave, or None with its words on the form."""
    try:
        return verb()
    except TreatmentRefused as refusal:
        form.add_error(None, refusal.message)
        return None


def _lot(request: ClinicRequest, pk: UUID) -> StockLot:
    return get_object_or_404(StockLot.objects.visible_to(request.user).select_related("clinic"), pk=pk)


@door(Permission.GIVE_DOSES)
@require_http_methods(["GET", "POST"])
def lot(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """One lot: its lines, its sum; POST do=count or do=enter."""
    found = _lot(request, pk)
    doing = request.POST.get("do", "")
    more: dict[str, Any] = {"clinic": found.clinic, "actor": request.user}
    count = CountForm(request.POST if doing == "count" else None, prefix="count", **more)
    enter = EntryForm(request.POST if doing == "enter" else None, prefix="enter", **more)
    for form, verb in ((count, _count), (enter, _enter)):
        if form.is_bound and form.is_valid() and _tried(form, lambda f=form, v=verb: v(found, f, request)) is not None:  # type: ignore[misc]
            return redirect("stock-lot", pk)
    lines = list(found.entries.select_related("actor__user", "second__user").order_by("-seq")[:200])
    kinds = found.entries.values_list("kind", "amount_mg")
    audit.record_seen([found], actor_id=request.user.pk, detail="stock")
    context = {
        "nav": "sessions",
        "lot": found,
        "lines": lines,
        "turned": {line.corrects_id for line in lines if line.corrects_id},
        "sums": sums(Decimal(0), [(Entry(kind), amount) for kind, amount in kinds]),
        "count": count,
        "enter": enter,
        "correct": CorrectForm(**more),
    }
    return render(request, "sessions/stock_lot.html", context, status=422 if count.errors or enter.errors else 200)


def _count(found: StockLot, form: Any, request: ClinicRequest) -> StockEntry:
    counted = form.cleaned_data["counted_mg"]
    row = actions.count_stock(lot=found, counted_mg=counted, signed=form.signed(), actor=request.user)
    if row.balance_mg == row.counted_mg:
        messages.success(request, _("It matches."))
    else:
        messages.error(request, _("It does not match. Prescribers and administrators are told."))
    return row


def _enter(found: StockLot, form: Any, request: ClinicRequest) -> StockEntry:
    words = {name: form.cleaned_data[name] for name in ("kind", "amount_mg", "reason")}
    return actions.enter_stock(lot=found, **words, signed=form.signed(), actor=request.user)


@door(Permission.GIVE_DOSES)
@require_POST
def correct(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """A wrong line is turned round by a new one."""
    entry = get_object_or_404(StockEntry.objects.visible_to(request.user).select_related("lot__clinic"), pk=pk)
    form = CorrectForm(request.POST, clinic=entry.lot.clinic, actor=request.user)
    try:
        if not form.is_valid():
            raise TreatmentRefused("reason", _("Say why."))
        reason = form.cleaned_data["reason"]
        actions.correct_entry(entry=entry, reason=reason, signed=form.signed(), actor=request.user)
    except TreatmentRefused as refusal:
        messages.error(request, refusal.message)
    return redirect("stock-lot", entry.lot_id)


@door(Permission.PRESCRIBE)
@require_POST
def explain(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """What became of a difference."""
    row = get_object_or_404(StockDifference.objects.visible_to(request.user), pk=pk)
    try:
        actions.explain_difference(difference=row, resolution=request.POST.get("resolution", ""), actor=request.user)
    except TreatmentRefused as refusal:
        messages.error(request, refusal.message)
    return redirect("stock")


@door(Permission.GIVE_DOSES)
@require_GET
def lot_card(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """The ledger of one lot for print and inspection, every line."""
    found = _lot(request, pk)
    lines = found.entries.select_related("actor__user", "second__user").order_by("seq")
    audit.record_seen([found], actor_id=request.user.pk, detail="stock print")
    return render(request, "sessions/stock_card.html", {"nav": "sessions", "lot": found, "lines": lines})
