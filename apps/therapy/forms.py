"""The journal's forms."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.therapy.models import Privacy

PROMPT_WORDS = {
    "stayed": _("What has stayed with you from the session?"),
    "felt": _("What did you feel, and where in your body?"),
    "different": _("What looks different today?"),
    "small-step": _("What is one small thing you want to do because of it?"),
    "tell": _("Whom could you tell about it?"),
}


class WordsForm(forms.Form):
    """The person's own words, with which they lock and open what is theirs alone."""

    words = forms.CharField(
        label=_("Your words"),
        max_length=200,
        widget=forms.PasswordInput({"autocomplete": "off"}),
    )


class EntryForm(forms.Form):
    """An entry and its reader."""

    text = forms.CharField(label=_("Your words"), max_length=8000, widget=forms.Textarea({"rows": 6}))
    privacy = forms.ChoiceField(label=_("Who may read it?"), choices=Privacy.choices, widget=forms.RadioSelect)
    prompt = forms.CharField(max_length=20, required=False, widget=forms.HiddenInput)


class CommitmentForm(forms.Form):
    """Something small and concrete."""

    text = forms.CharField(label=_("What will you do?"), max_length=500)
    by_on = forms.DateField(label=_("By when"), required=False, widget=forms.DateInput(attrs={"type": "date"}))
    privacy = forms.ChoiceField(
        label=_("Who may see it?"),
        choices=[(Privacy.THERAPIST, _("My therapist")), (Privacy.TEAM, _("My whole team"))],
        initial=Privacy.THERAPIST,
        widget=forms.RadioSelect,
    )


class SignsForm(forms.Form):
    """Own early signs, and the plan for then."""

    signs = forms.CharField(
        label=_("My early signs, one on each line"),
        max_length=2000,
        widget=forms.Textarea({"rows": 6}),
        help_text=_("Such as: I stop answering my sister. I sleep after lunch."),
    )
    enough = forms.IntegerField(label=_("How many of them at once are a reason to act?"), min_value=1, max_value=8)
    plan = forms.CharField(
        label=_("What we agreed to do then"), max_length=2000, required=False, widget=forms.Textarea({"rows": 4})
    )
