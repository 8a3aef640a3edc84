"""PEG, pain now, ISI, OCI-R, ICSI/ICPI, CADSS-6, BPRS, PDQ-5: codes and scoring (clinical.md 1.2). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from apps.alerts.levels import Level
from apps.monitoring.instruments.definition import (
    LOINC_SYSTEM,
    Definition,
    Item,
    Kind,
    Respondent,
    coded_items,
    coded_options,
)
from apps.monitoring.instruments.definition import gettext_noop as _
from apps.monitoring.instruments.result import Score, Sheet, band, reaches, round_half_up, scored

PEG = Definition(
    key="peg",
    version="1",
    title="PEG",
    items=coded_items(3, 0, 10),
    licence="Said to be free to use; based on BPI items. Not shipped before confirmation.",
    attribution="Krebs et al. 2009",
    source_url="https://loinc.org/91147-9",
    recall="1 week",
    system=LOINC_SYSTEM,
    code="91147-9",
    total_code="91147-9",
    max_total=10,
)
ISI = Definition(
    key="isi",
    version="1",
    title="ISI",
    items=coded_items(7, 0, 4),
    licence="Copyright C. Morin; electronic use needs a licence.",
    attribution="Bastien, Vallieres and Morin 2001",
    source_url="https://doi.org/10.1016/S1389-9457(00)00065-4",
    recall="2 weeks",
    code="isi",
    max_total=28,
)
OCI_R = Definition(
    key="oci-r",
    version="1",
    title="OCI-R",
    items=coded_items(18, 0, 4),
    licence="Copyright E. Foa; not redistributable.",
    attribution="Foa et al. 2002",
    source_url="https://doi.org/10.1037/1040-3590.14.4.485",
    recall="1 month",
    code="oci-r",
    max_total=72,
)
ICSI_ICPI = Definition(
    key="icsi-icpi",
    version="1",
    title="ICSI/ICPI",
    items=coded_items(4, 0, 5, prefix="icsi") + coded_items(4, 0, 4, prefix="icpi"),
    licence="Copyright Elsevier (Urology 1997); no licence text found.",
    attribution="O'Leary et al. 1997",
    source_url="https://doi.org/10.1016/S0090-4295(99)80333-1",
    recall="1 month",
    code="icsi-icpi",
)
CADSS6 = Definition(
    key="cadss-6",
    version="1",
    title="CADSS-6",
    items=coded_items(6, 0, 4),
    licence="Copyright J. D. Bremner (CADSS), Elsevier (CADSS-6); not redistributable.",
    attribution="Bremner et al. 1998; Rodrigues et al. 2021",
    source_url="https://pubmed.ncbi.nlm.nih.gov/33418362/",
    recall="now",
    respondent=Respondent.CLINICIAN,
    code="cadss-6",
    max_total=24,
)

NRS_PAIN = Definition(
    key="nrs-pain",
    version="1",
    title=_("Pain now"),
    items=(
        Item(
            "pain",
            Kind.RANGE,
            _("How strong is your pain right now?"),
            _("Pain"),
            loinc="72514-3",
            minimum=0,
            maximum=10,
            low_label=_("No pain"),
            high_label=_("Worst pain I can imagine"),
        ),
    ),
    licence="Short clinical scale; labels in our own words.",
    attribution="Telek",
    source_url="https://loinc.org/72514-3",
    recall="now",
    system=LOINC_SYSTEM,
    code="72514-3",
    total_code="72514-3",
    own_wording=True,
    max_total=10,
)
#: Each 1-7; the four items of the BPRS that tell of psychosis. Names of the items, in our own words.
BPRS_ITEMS = (
    ("suspiciousness", _("Suspiciousness")),
    ("hallucinations", _("Hallucinatory behaviour")),
    ("unusual_thoughts", _("Unusual thought content")),
    ("disorganisation", _("Conceptual disorganisation")),
)
BPRS = Definition(
    key="bprs-positive",
    version="1",
    title=_("BPRS, positive items"),
    items=tuple(Item(link_id, text=topic, topic=topic, options=coded_options(1, 7)) for link_id, topic in BPRS_ITEMS),
    licence="Public domain; names of the items only, in our own words.",
    attribution="Overall and Gorham 1962",
    source_url="https://doi.org/10.2466/pr0.1962.10.3.799",
    recall="now",
    respondent=Respondent.CLINICIAN,
    code="bprs-positive",
    own_wording=True,
    max_total=28,
)
PDQ5 = Definition(
    key="pdq-5",
    version="1",
    title="PDQ-5",
    items=coded_items(5, 0, 4),
    licence="Rights administered (Sullivan; Mapi); not redistributable.",
    attribution="Sullivan et al. 1990",
    source_url="https://eprovide.mapi-trust.org/",
    recall="1 week",
    code="pdq-5",
    max_total=20,
)

ISI_BANDS = ((7, "none"), (14, "subthreshold"), (21, "moderate"), (28, "severe"))
OCI_R_CUT = 21
BLADDER_REVIEW_CUT = 6
BPRS_HOLD = 4
#: Hoarding [V]; the others [GK] (clinical.md 1.2).
OCI_R_SUBSCALES: Mapping[str, tuple[str, ...]] = {
    "hoarding": ("q1", "q7", "q13"),
    "checking": ("q2", "q8", "q14"),
    "ordering": ("q3", "q9", "q15"),
    "neutralizing": ("q4", "q10", "q16"),
    "washing": ("q5", "q11", "q17"),
    "obsessing": ("q6", "q12", "q18"),
}
_ICSI = ("icsi1", "icsi2", "icsi3", "icsi4")
_ICPI = ("icpi1", "icpi2", "icpi3", "icpi4")


def score_peg(sheet: Sheet) -> Score:
    """Mean of three, 0.0-10.0, one decimal half-up; ``rounded`` is LOINC's whole number for clinical use."""
    total = sheet.complete_sum()
    if total is None:
        return scored(sheet, total=None, detail={"rounded": None})
    mean = Decimal(total) / 3
    return scored(sheet, total=float(round_half_up(mean, 1)), detail={"rounded": int(round_half_up(mean))})


def score_isi(sheet: Sheet) -> Score:
    """Sum 0-28."""
    total = sheet.complete_sum()
    return scored(sheet, total=total, severity=band(total, ISI_BANDS))


def score_oci_r(sheet: Sheet) -> Score:
    """Sum 0-72, positive at >= 21; a sub-scale stands when its three items are there."""
    total = sheet.complete_sum()
    subscales = {name: sheet.complete_sum(items) for name, items in OCI_R_SUBSCALES.items()}
    return scored(sheet, total=total, positive=reaches(total, OCI_R_CUT), detail={"subscales": subscales})


def score_bladder(sheet: Sheet) -> Score:
    """Two indices, ICSI 0-20 and ICPI 0-16, and no joint total; either at >= 6 asks for a review (P3).

    A refused answer forbids both indices, but an index that was answered in full still raises its alert.
    """
    icsi, icpi = _index(sheet, _ICSI), _index(sheet, _ICPI)
    review = any(reaches(index, BLADDER_REVIEW_CUT) for index in (icsi, icpi))
    return scored(
        sheet,
        total=None,
        alert=Level.P3 if review else None,
        detail={"icsi": icsi, "icpi": icpi} if sheet.valid else {"icsi": None, "icpi": None},
    )


def _index(sheet: Sheet, link_ids: tuple[str, ...]) -> int | None:
    numbers = [number for number in sheet.numbers(link_ids) if number is not None]
    return sum(numbers) if len(numbers) == len(link_ids) else None


def score_cadss6(sheet: Sheet) -> Score:
    """Sum 0-24; no validated cut-off."""
    return scored(sheet, total=sheet.complete_sum())


def score_sum(sheet: Sheet) -> Score:
    """The sum of all items; no cut-off in the sources."""
    return scored(sheet, total=sheet.complete_sum())


def score_bprs(sheet: Sheet) -> Score:
    """Sum 4-28. Any item >= 4 at discharge means that the person stays (``hold_discharge``)."""
    numbers = [number for number in sheet.numbers() if number is not None]
    high = any(number >= BPRS_HOLD for number in numbers)
    complete = sheet.valid and len(numbers) == len(BPRS_ITEMS)
    return scored(
        sheet,
        total=sheet.complete_sum(),
        detail={"hold_discharge": high or not complete, "discharge_ok": complete and not high},
    )
