"""PDF by typst: no system library, tagged, data passed as JSON and never as markup."""

import json
from typing import Any

import typst
from django.template.loader import get_template

US_LETTER = {"US", "CA", "MX", "PH"}


def paper_of(country: str) -> str:
    """The size of a sheet in that country, as typst names it."""
    return "us-letter" if country in US_LETTER else "a4"


def pdf_of(template: str, data: dict[str, Any]) -> bytes:
    """The template (a .typ file among the templates) with that data in `sys.inputs.data`."""
    source = get_template(template).template.source  # type: ignore[attr-defined]
    made: bytes = typst.compile(source.encode(), sys_inputs={"data": json.dumps(data, ensure_ascii=False)})
    return made
