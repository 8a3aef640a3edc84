"""axe-core on a page: what breaks WCAG 2.2 A and AA."""

import json
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import Page

TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
#: The rules that look at colours: all that another colour scheme can change, for it changes nothing but colours.
COLOURS = ("color-contrast", "link-in-text-block")


def violations(page: Page, rules: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """What axe finds on the page as it stands: by all rules of those levels, or by the rules named."""
    kind, values = ("rule", rules) if rules else ("tag", TAGS)
    if not page.evaluate("typeof axe !== 'undefined'"):
        page.evaluate(AXE_SCRIPT)
    # Of what passes only the count: to describe every sound element takes longer than to judge it.
    options = {"runOnly": {"type": kind, "values": list(values)}, "resultTypes": ["violations"]}
    found: list[dict[str, Any]] = page.evaluate(f"axe.run({json.dumps(options)}).then((said) => said.violations)")
    return found
