"""Every instrument that Telek knows. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from apps.monitoring.instruments import (
    anxiety,
    check_in,
    depression,
    recovery,
    substances,
    suicide,
    symptoms,
    trauma,
    wellbeing,
)
from apps.monitoring.instruments.definition import Definition

LIBRARY: Mapping[str, Definition] = MappingProxyType(
    {
        definition.key: definition
        for definition in (
            check_in.CHECK_IN,
            depression.PHQ9,
            depression.PHQ2,
            depression.QIDS,
            depression.MADRS,
            anxiety.GAD7,
            suicide.CSSRS,
            suicide.CSSRS_SINCE,
            trauma.PCL5,
            wellbeing.WHO5,
            wellbeing.ASRM,
            substances.AUDIT_C,
            substances.DAST10,
            substances.MISUSE,
            symptoms.PEG,
            symptoms.ISI,
            symptoms.OCI_R,
            symptoms.ICSI_ICPI,
            symptoms.CADSS6,
            symptoms.NRS_PAIN,
            symptoms.BPRS,
            symptoms.PDQ5,
            recovery.MOAAS,
            recovery.ALDRETE,
            recovery.PADSS,
        )
    }
)
_BY_URL = {definition.url: definition for definition in LIBRARY.values()}


def get(url_or_key: str) -> Definition:
    """The definition of a key ("phq-9") or canonical url ("urn:telek:instrument:phq-9"). Raises KeyError."""
    found = LIBRARY.get(url_or_key) or _BY_URL.get(url_or_key)
    if found is None:
        raise KeyError(f"no instrument {url_or_key!r}")
    return found
