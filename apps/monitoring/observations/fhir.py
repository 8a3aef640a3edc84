"""FHIR R4 Observation and Bundle, as far as they are readings: code, valueQuantity, components, time. Pure.

https://hl7.org/fhir/R4/observation-vitalsigns.html ; a blood pressure is a panel (85354-9) of two components.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from apps.monitoring.observations.reading import BodyRefused, Reading

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
TELEK = "urn:telek:observation"
PANELS = {"85354-9"}  # values stand in the components alone
GIVEN = {"final", "amended", "corrected"}


def readings_of(resource: dict[str, Any]) -> list[Reading]:
    """The readings of an Observation, or of a Bundle of them, in their order. Raises BodyRefused."""
    kind = resource.get("resourceType")
    if kind == "Observation":
        return list(_of_observation(resource))
    if kind == "Bundle":
        entries = resource.get("entry")
        inner = [one.get("resource") if isinstance(one, dict) else None for one in _list(entries, "entry")]
        if not all(isinstance(one, dict) and one.get("resourceType") == "Observation" for one in inner):
            raise BodyRefused("unknown-resource", "a bundle of Observations is needed")
        return [reading for one in inner for reading in _of_observation(one)]  # type: ignore[arg-type]
    raise BodyRefused("unknown-resource", "an Observation or a Bundle of them is needed")


def subject_of(resource: dict[str, Any]) -> str:
    """The id in subject.reference ("Patient/<id>"), the same one throughout a bundle; "" without one."""
    if resource.get("resourceType") == "Bundle":
        subjects = {subject_of(one["resource"]) for one in resource["entry"]}
        return subjects.pop() if len(subjects) == 1 else ""
    subject = resource.get("subject")
    reference = subject.get("reference") if isinstance(subject, dict) else None
    kind, _slash, found = reference.rpartition("/") if isinstance(reference, str) else ("", "", "")
    return found if kind == "Patient" else ""


def _of_observation(resource: dict[str, Any]) -> Iterator[Reading]:
    if resource.get("status") not in GIVEN:
        raise BodyRefused("not-final", "only final, amended and corrected observations are taken", 422)
    at = _moment(resource)
    code = _code(resource.get("code"))
    if "valueQuantity" in resource:
        yield _quantity(code, resource["valueQuantity"], at)
    elif code not in PANELS and "component" not in resource:
        raise BodyRefused("no-value", "an Observation without valueQuantity", 422)
    for part in _list(resource.get("component", []), "component"):
        if not isinstance(part, dict) or "valueQuantity" not in part:
            raise BodyRefused("no-value", "a component without valueQuantity", 422)
        yield _quantity(_code(part.get("code")), part["valueQuantity"], at)


def _code(concept: Any) -> str:
    """The first coding that is LOINC, or one of ours."""
    codings = _list(concept.get("coding"), "coding") if isinstance(concept, dict) else []
    for coding in codings:
        if isinstance(coding, dict) and coding.get("system") in (LOINC, TELEK) and isinstance(coding.get("code"), str):
            return str(coding["code"])
    raise BodyRefused("bad-field", "code.coding: a LOINC code is needed")


def _quantity(code: str, quantity: Any, at: datetime) -> Reading:
    if not isinstance(quantity, dict) or quantity.get("comparator"):
        raise BodyRefused("bad-field", "valueQuantity: a plain value is needed")
    if quantity.get("system", UCUM) != UCUM:
        raise BodyRefused("bad-field", "valueQuantity.system: UCUM is needed")
    unit = quantity.get("code", quantity.get("unit"))
    if not isinstance(unit, str):
        raise BodyRefused("bad-field", "valueQuantity.code: a unit is needed")
    return Reading(code, quantity.get("value"), unit, at)


def _moment(resource: dict[str, Any]) -> datetime:
    text = resource.get("effectiveDateTime", resource.get("effectiveInstant"))
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise BodyRefused("bad-field", "effectiveDateTime: a moment with its zone is needed")
    return found


def _list(found: Any, name: str) -> list[Any]:
    if not isinstance(found, list):
        raise BodyRefused("bad-field", f"{name}: a list is needed")
    return found
