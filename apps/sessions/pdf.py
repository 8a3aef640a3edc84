"""PDF of the REMS-shaped form, by typst: no system library, tagged, data passed as JSON and never as markup."""

from __future__ import annotations

import json

import typst
from django.template.loader import get_template
from django.utils.translation import gettext as _

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
    source = get_template("sessions/rems_form.typ").template.source  # type: ignore[attr-defined]
    made: bytes = typst.compile(source.encode(), sys_inputs={"data": json.dumps(data, ensure_ascii=False)})
    return made
