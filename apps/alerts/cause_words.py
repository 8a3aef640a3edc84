"""What an alert is about, in words, for pages that speak of many alerts at once. Pure."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

#: cause of an alert -> words. A cause that is missing here is said by its code.
WORDS = {
    "suicidal-thoughts": gettext_lazy("Thoughts of death or self-harm"),
    "call-request": gettext_lazy("Asked to be called"),
    "phrase": gettext_lazy("Words of danger in a message"),
    "journal-phrase": gettext_lazy("Words of danger in a shared journal entry"),
    "not-assessed": gettext_lazy("A question about safety was left blank"),
    "silent": gettext_lazy("Does not answer any more"),
    "mood-fall": gettext_lazy("Mood has fallen"),
    "reported-problem": gettext_lazy("Reported a problem"),
    "severe-problem": gettext_lazy("Reported a severe problem"),
    "blood-in-urine": gettext_lazy("Reported blood in the urine"),
    "mania": gettext_lazy("Reported a very high mood"),
    "psychosis": gettext_lazy("Reported seeing or believing what others do not"),
    "chest-pain": gettext_lazy("Reported chest pain or trouble breathing"),
    "use-outside-clinic": gettext_lazy("Ketamine outside the clinic"),
    "sedation": gettext_lazy("Deeply sedated"),
    "vital-signs": gettext_lazy("Vital signs"),
    "visit-request": gettext_lazy("Asked for a visit"),
    "visit-by-phone": gettext_lazy("Asked for the visit by phone"),
    "take-home": gettext_lazy("Medicine at home: to talk about"),
    "serious-adverse-event": gettext_lazy("Serious adverse event"),
    "rems-form": gettext_lazy("A monitoring form is owed"),
    "pre-visit": gettext_lazy("Check before a session"),
    "no-all-clear": gettext_lazy("No all-clear after a session"),
    "morning-not-well": gettext_lazy("Not well on the morning after"),
    "message": gettext_lazy("Made from a message"),
    "left-against-advice": gettext_lazy("Left against advice"),
    "home-look-in": gettext_lazy("At home: a look-in was missed"),
    "home-help": gettext_lazy("At home: asked for help"),
    "early-signs": gettext_lazy("Own early signs"),
    "driver-worried": gettext_lazy("The driver is worried"),
    "dose-review": gettext_lazy("A dose waits for its review"),
    "consent-withdrawn": gettext_lazy("Consent withdrawn"),
    "liver-enzymes": gettext_lazy("Liver enzymes are high"),
    "pregnancy": gettext_lazy("Pregnancy test positive"),
    "integration-unbooked": gettext_lazy("No talk booked after a session"),
    "integration-missed": gettext_lazy("The talk after a session was missed"),
}
#: What a cause begins with -> words.
BEGINNINGS = {
    "check-overdue-": gettext_lazy("A long-term check is overdue"),
    "problem-open-": gettext_lazy("A problem that nobody has looked at"),
    "rule-": pgettext_lazy("of an alert", "A rule of this clinic"),
}


def cause_words(cause: str) -> str:
    """The words of a cause.

    >>> cause_words("home-look-in")
    'At home: a look-in was missed'
    """
    found = WORDS.get(cause) or next((words for head, words in BEGINNINGS.items() if cause.startswith(head)), None)
    return str(found) if found else _("Other: %(code)s") % {"code": cause}
