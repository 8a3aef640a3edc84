"""PDF of the REMS-shaped form."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.core.pdf import pdf_of
from apps.sessions.models import DosingSession
from apps.sessions.rems_content import rems_content


def rems_pdf(session: DosingSession, printed: str) -> bytes:
    """printed: when and by whom, in words."""
    sections = [
        {"name": name, "lines": [[line.label, line.value] for line in lines]}
        for name, lines in rems_content(session)
        if lines
    ]
    data = {
        "title": _("Patient monitoring, esketamine nasal spray"),
        "note": _("Assembled from the record of the session. This is not a submission: hand it in yourself."),
        "footer": printed,
        "sections": sections,
    }
    return pdf_of("sessions/rems_form.typ", data)
