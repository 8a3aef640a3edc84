"""PDFs of outcomes by typst: data passed as JSON and never as markup."""

from __future__ import annotations

import json
from typing import Any

import typst
from django.template.loader import get_template
from django.utils.translation import gettext as _


def table(words: str, columns: list[str], rows: list[list[str]]) -> dict[str, Any]:
    """A table of the template; its first column is the widest."""
    return {"name": words, "columns": columns, "rows": rows}


def pdf(title: str, note: str, footer: str, tables: list[dict[str, Any]], picture: str = "") -> bytes:
    """A tagged document. picture: an SVG, after the first table."""
    data = {"title": title, "note": note, "footer": footer, "tables": tables, "picture": picture}
    source = get_template("outcomes/report.typ").template.source  # type: ignore[attr-defined]
    made: bytes = typst.compile(source.encode(), sys_inputs={"data": json.dumps(data, ensure_ascii=False)})
    return made


def outcomes_pdf(content: dict[str, Any], printed: str) -> bytes:
    """content: as the page has it; printed: where and when, in words."""
    hidden, shown = _("not shown"), content["shown"]
    if shown.completed is None:
        return pdf(_("Outcomes"), _("Fewer than five people have completed a series: nothing is shown."), printed, [])
    missing = hidden if shown.missing is None else f"{shown.missing} / {shown.completed}"
    figures = [[line.words, line.people, line.share or hidden, line.interval] for line in content["figures"]]
    figures.append([_("Did not answer in those 14 days"), missing, "", ""])
    lasting = [[words, people or hidden, *cells] for words, people, cells in content["lasting"]]
    tables = [
        table(_("After six sessions"), [_("What"), _("People"), _("Share"), _("95 % interval")], figures),
        table(
            _("How long a response lasts (Kaplan-Meier)"),
            [_("Counting"), _("People"), _("28 days"), _("56 days"), _("Half, after days")],
            lasting,
        ),
    ]
    for each in content["tables"]:
        rows = [[name, completed, *(cell or hidden for cell in cells)] for name, completed, cells in each.rows]
        tables.append(table(each.words, [_("Group"), *each.columns], rows))
    anchors = [list(row) for row in content["anchors"]]
    tables.append(table(_("Published, for comparison and not a target"), [_("What"), _("Found"), _("Source")], anchors))
    note = _("PHQ-9, people who had six sessions. Counts below five are not shown, nor what would give them away.")
    if content["synthetic"]:
        note = _("A demonstration clinic: these people do not exist.") + " " + note
    return pdf(_("Outcomes"), note, printed, tables)
