"""The administration's page for a clinic's logo: the picture, what it says, and why."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts import logos
from apps.accounts.logo_picture import UPLOAD_BYTES
from apps.accounts.models import Clinic, User

LIST = "admin:accounts_clinicsetting_changelist"
Page = Callable[..., HttpResponse]


class LogoForm(forms.Form):
    """A picture, or none to take the logo down."""

    picture = forms.FileField(
        label=gettext_lazy("Picture"),
        required=False,
        help_text=gettext_lazy("PNG, JPEG or WebP, at most 1 MB. Leave it empty to take the logo down."),
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp"}),
    )
    words = forms.CharField(
        label=gettext_lazy("What it says"),
        max_length=120,
        required=False,
        help_text=gettext_lazy("Such as the clinic's name; screen readers read it out."),
    )
    reason = forms.CharField(label=gettext_lazy("Why?"), max_length=300)

    def clean_picture(self) -> Any:
        """Looked at before it is read into memory."""
        sent = self.cleaned_data["picture"]
        if sent and sent.size > UPLOAD_BYTES:
            raise ValidationError(_("The picture is larger than 1 MB. Take a smaller one."))
        return sent


def logo_page(request: HttpRequest, clinic: Clinic, actor: User, page: Page) -> HttpResponse:
    """GET the form, POST the picture. page(template, **context) is the administration's own."""
    form = LogoForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid() and _done(form, clinic, actor):
        return redirect(LIST)
    return page("admin/logo_change.html", title=_("Logo"), form=form)


def _done(form: LogoForm, clinic: Clinic, actor: User) -> bool:
    sent, reason = form.cleaned_data["picture"], form.cleaned_data["reason"]
    if not sent:
        logos.take_down(clinic=clinic, reason=reason, actor=actor)
        return True
    try:
        logos.set_logo(clinic=clinic, data=sent.read(), words=form.cleaned_data["words"], reason=reason, actor=actor)
    except ValidationError as error:
        form.add_error("picture", error)
        return False
    return True
