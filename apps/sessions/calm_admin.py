"""The administration's pages of what calms: tracks with their licence, exercises. Added and withdrawn, never changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import Clinic
from apps.sessions import actions
from apps.sessions.models import CalmExercise, CalmTrack, TrackKind
from apps.sessions.protocol_admin import Editor
from apps.sessions.refusal import TreatmentRefused
from apps.sessions.treatment.calm import MOST_MEGABYTES


class TrackForm(forms.Form):
    """A file and the right to play it."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=120)
    kind = forms.ChoiceField(label=gettext_lazy("Played"), choices=TrackKind.choices)
    licence = forms.CharField(
        label=gettext_lazy("Licence"),
        max_length=200,
        help_text=gettext_lazy(
            "Under which the clinic may play it to its patients, such as: CC BY 4.0; bought on 3 May."
        ),
    )
    attribution = forms.CharField(label=gettext_lazy("Who made it"), max_length=200, required=False)
    sound = forms.FileField(
        label=gettext_lazy("File"),
        help_text=gettext_lazy("MP3, Ogg, FLAC, WAV or M4A, at most 20 MB."),
        widget=forms.FileInput(attrs={"accept": "audio/*"}),
    )

    def clean_sound(self) -> Any:
        """Looked at before it is read into memory."""
        sent = self.cleaned_data["sound"]
        if sent.size > MOST_MEGABYTES * 1024 * 1024:
            raise forms.ValidationError(_("The file is too large: %(n)s MB at most.") % {"n": MOST_MEGABYTES})
        return sent

    def kept(self, clinic: Clinic, actor: Any) -> CalmTrack:
        """As the action takes it."""
        told = {name: self.cleaned_data[name] for name in ("title", "kind", "licence", "attribution")}
        return actions.add_track(clinic=clinic, data=self.cleaned_data["sound"].read(), actor=actor, **told)


class ExerciseForm(forms.Form):
    """Steps, and a pace where it is one of breathing."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=120)
    lines = forms.CharField(label=gettext_lazy("Steps, each on a line"), widget=forms.Textarea({"rows": 6}))
    breathe_in = forms.IntegerField(label=gettext_lazy("Breathe in, seconds"), required=False, min_value=0)
    hold = forms.IntegerField(label=gettext_lazy("Hold, seconds"), required=False, min_value=0)
    breathe_out = forms.IntegerField(label=gettext_lazy("Breathe out, seconds"), required=False, min_value=0)
    minutes = forms.IntegerField(label=gettext_lazy("Minutes"), initial=3, min_value=0)

    def kept(self, clinic: Clinic, actor: Any) -> CalmExercise:
        """As the action takes it."""
        data = self.cleaned_data
        pace = actions.Pace(data["breathe_in"], data["hold"] or 0, data["breathe_out"], data["minutes"])
        lines = data["lines"].splitlines()
        return actions.add_exercise(clinic=clinic, title=data["title"], lines=lines, pace=pace, actor=actor)


class CalmEditor(Editor):
    """A form to add, a page to look at and withdraw."""

    form_class: Callable[..., TrackForm | ExerciseForm]

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        clinic = self._may_add(request)
        form = self.form_class(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            try:
                form.kept(clinic, request.user)
            except TreatmentRefused as refusal:
                form.add_error(None, refusal.message)
            else:
                self.message_user(request, _("Kept. It is offered from now on."), messages.SUCCESS)
                return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        return self._shown(request, "admin/calm_add.html", _("Add"), form=form)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """What it is. Post: withdraw it."""
        row = self.get_object(request, object_id)
        if row is None or not request.user.is_authenticated:
            raise Http404
        if request.method == "POST":
            if not self.has_change_permission(request, row):
                raise PermissionDenied
            actions.withdraw_calm(row=row, actor=request.user)
            self.message_user(request, _("Withdrawn. It is offered no more."), messages.SUCCESS)
            return redirect(f"admin:{self.opts.app_label}_{self.opts.model_name}_changelist")
        return self._shown(request, "admin/calm_show.html", str(row), original=row)


@admin.register(CalmTrack)
class CalmTrackAdmin(CalmEditor):
    """Tracks that the clinic plays."""

    form_class = TrackForm
    list_display = ("title", "kind", "licence", "attribution", "size", "withdrawn_at")
    list_filter = ("kind",)

    def get_queryset(self, request: HttpRequest) -> Any:
        """Without the sound itself."""
        return super().get_queryset(request).defer("content")


@admin.register(CalmExercise)
class CalmExerciseAdmin(CalmEditor):
    """Exercises in the clinic's words."""

    form_class = ExerciseForm
    list_display = ("title", "breathe_in", "hold", "breathe_out", "minutes", "withdrawn_at")
