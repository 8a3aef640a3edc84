"""Course templates (clinical.md 2.1): route, planned doses, days between, review gates. Pure.

A template fills the form; the prescriber decides. Sources stand beside each; nothing here is a recommendation.
"""

from __future__ import annotations

from dataclasses import dataclass

from apps.sessions.dose_limits import Route


@dataclass(frozen=True, slots=True)
class CourseTemplate:
    """doses: how many are planned (None: open); days_between: usual spacing; review_before: dose that needs a review."""

    key: str
    product: str
    route: Route
    indication: str
    doses: int | None
    days_between: tuple[int, int]
    review_before: tuple[int, ...]
    source: str


TEMPLATES = {
    template.key: template
    for template in (
        CourseTemplate("iv-depression", "ketamine", Route.IV, "depression", 6, (2, 4), (3,), "Murrough, ASKP; ELEKT-D"),
        CourseTemplate(
            "im-depression", "ketamine", Route.IM, "depression", 6, (2, 4), (3,), "as IV; no trial of its own"
        ),
        CourseTemplate("esketamine-trd", "esketamine", Route.INTRANASAL_ESKETAMINE, "TRD", 8, (3, 4), (9,), "US label"),
        CourseTemplate(
            "esketamine-mdd-si", "esketamine", Route.INTRANASAL_ESKETAMINE, "MDD_SI", 8, (3, 4), (9,), "US label"
        ),
        CourseTemplate("oral", "ketamine", Route.ORAL, "depression", 6, (3, 7), (3,), "experimental; Andrade"),
        CourseTemplate("maintenance-iv", "ketamine", Route.IV, "depression", None, (7, 30), (), "ASKP; practice"),
        CourseTemplate("pain", "ketamine", Route.IV_PAIN, "pain", 10, (1, 1), (), "ASRA/AAPM/ASA 2018"),
    )
}
