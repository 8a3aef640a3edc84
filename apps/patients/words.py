"""Words for codes of the record."""

from django.utils.translation import gettext_lazy as _

from apps.patients.medicines import Flag

FLAG_WORDS = {
    Flag.MAOI: _("MAO inhibitor"),
    Flag.STIMULANT: _("stimulant"),
    Flag.BENZODIAZEPINE: _("benzodiazepine"),
    Flag.OPIOID: _("opioid"),
    Flag.CNS: _("sedative"),
    Flag.SYMPATHOMIMETIC: _("raises pressure"),
    Flag.CYP3A4: _("CYP3A4 inhibitor"),
    Flag.CYP2B6: _("CYP2B6 inhibitor"),
    Flag.INDUCER: _("enzyme inducer"),
    Flag.THEOPHYLLINE: _("theophylline"),
    Flag.LAMOTRIGINE: _("lamotrigine"),
}
