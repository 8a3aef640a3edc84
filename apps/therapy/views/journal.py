"""The person's own journal and commitments. The key of "only me" comes with the browser and goes with it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from apps.accounts.doors import door
from apps.accounts.permissions import Permission
from apps.accounts.requests import ClinicRequest
from apps.audit import actions as audit
from apps.core import clock
from apps.monitoring.models import Anchor
from apps.patients.models import Patient
from apps.therapy import actions
from apps.therapy.actions import TherapyRefused
from apps.therapy.forms import PROMPT_WORDS, CommitmentForm, EntryForm, WordsForm
from apps.therapy.locking import OPEN_SECONDS, cookie_of, key_from
from apps.therapy.models import Commitment, JournalEntry, JournalKey, Privacy
from apps.therapy.prompts import offered

COOKIE = "telek_journal"
PATH = "/journal/"


def _patient(request: ClinicRequest) -> Patient:
    return get_object_or_404(Patient.objects.visible_to(request.user).filter(status="active").select_related("clinic"))


def _key(request: ClinicRequest, patient_id: UUID) -> bytes | None:
    return key_from(request.COOKIES.get(COOKIE, ""), patient_id)


@door(Permission.OWN_RECORD)
@require_http_methods(["GET", "POST"])
def journal(request: ClinicRequest) -> HttpResponse:
    """Entries, prompts and commitments; POST writes an entry."""
    patient = _patient(request)
    key = _key(request, patient.pk)
    first = request.GET.get("prompt", "")
    form = EntryForm(request.POST if request.method == "POST" else None, initial={"privacy": "me", "prompt": first})
    if form.is_bound and form.is_valid():
        try:
            actions.write_entry(patient=patient, key=key, actor=request.user, **form.cleaned_data)
        except TherapyRefused as refusal:
            form.add_error(None, refusal.message)
        else:
            messages.success(request, _("Kept."))
            return redirect("journal")
    return _page(request, patient, key, form, first)


def _page(request: ClinicRequest, patient: Patient, key: bytes | None, form: EntryForm, first: str) -> HttpResponse:
    rows = list(JournalEntry.objects.visible_to(request.user).filter(removed_at=None)[:50])
    commitments = list(Commitment.objects.visible_to(request.user).filter(dropped_at=None)[:20])
    audit.record_seen([*rows, *commitments], actor_id=request.user.pk, detail="own journal")
    context: dict[str, Any] = {
        "nav": "more",
        "zone": patient.time_zone,
        "entries": [(row, actions.read_entry(row, key)) for row in rows],
        "is_open": key is not None,
        "has_words": JournalKey.objects.filter(patient=patient).exists(),
        "words_form": WordsForm(),
        "form": form,
        "prompts": [(name, PROMPT_WORDS[name]) for name in offered(_hours(patient))],
        "asked": PROMPT_WORDS.get(first, ""),
        "commitments": commitments,
        "commitment_form": CommitmentForm(),
        "privacies": Privacy.choices,
    }
    response = render(request, "therapy/journal_show.html", context, status=422 if form.errors else 200)
    response["Cache-Control"] = "no-store"
    return response


def _hours(patient: Patient) -> float | None:
    """Since the last dose; None without one."""
    rows = Anchor.objects.filter(patient=patient, kind="dose", status="completed", started_at__lte=clock.now())
    last = rows.order_by("-started_at").first()
    return None if last is None else (clock.now() - (last.ended_at or last.started_at)).total_seconds() / 3600


@door(Permission.OWN_RECORD)
@require_POST
def words(request: ClinicRequest) -> HttpResponse:
    """Open with one's words, or (do=lock) close again."""
    response = redirect("journal")
    if request.POST.get("do") == "lock":
        response.delete_cookie(COOKIE, path=PATH)
        return response
    patient = _patient(request)
    try:
        key = actions.unlock(patient=patient, words=request.POST.get("words", ""), actor=request.user)
    except TherapyRefused as refusal:
        messages.error(request, refusal.message)
        return response
    response.set_cookie(
        COOKIE,
        cookie_of(key, patient.pk),
        max_age=OPEN_SECONDS,
        path=PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Strict",
    )
    return response


@door(Permission.OWN_RECORD)
@require_http_methods(["GET", "POST"])
def entry(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """One entry: change it, share it, take it back, remove it."""
    row = get_object_or_404(JournalEntry.objects.visible_to(request.user).select_related("patient"), pk=pk)
    key = _key(request, row.patient_id)
    text = actions.read_entry(row, key)
    if row.removed_at is not None or text is None:
        return redirect("journal")
    form = EntryForm(request.POST if request.method == "POST" else None, initial={"text": text, "privacy": row.privacy})
    if request.POST.get("do") == "remove":
        actions.remove_entry(entry=row, actor=request.user)
        messages.success(request, _("Removed."))
        return redirect("journal")
    if form.is_bound and form.is_valid():
        words_of = {name: form.cleaned_data[name] for name in ("text", "privacy")}
        try:
            actions.change_entry(entry=row, actor=request.user, key=key, **words_of)
        except TherapyRefused as refusal:
            form.add_error(None, refusal.message)
        else:
            return redirect("journal")
    audit.record_seen([row], actor_id=request.user.pk, detail="own journal")
    response = render(request, "therapy/entry_edit.html", {"nav": "more", "form": form, "entry": row})
    response["Cache-Control"] = "no-store"
    return response


@door(Permission.OWN_RECORD)
@require_POST
def commitment(request: ClinicRequest) -> HttpResponse:
    """A new one."""
    form = CommitmentForm(request.POST)
    try:
        if not form.is_valid():
            raise TherapyRefused("empty", _("Write what you mean to do."))
        actions.commit_to(patient=_patient(request), actor=request.user, **form.cleaned_data)
    except TherapyRefused as refusal:
        messages.error(request, refusal.message)
    return redirect("journal")


@door(Permission.OWN_RECORD)
@require_POST
def settle(request: ClinicRequest, pk: UUID) -> HttpResponse:
    """Done, or let go."""
    row = get_object_or_404(Commitment.objects.visible_to(request.user).select_related("patient"), pk=pk)
    actions.settle_commitment(commitment=row, done=request.POST.get("do") == "done", actor=request.user)
    return redirect("journal")
