"""ICD-10 codes: their form, and the short list that ships. Pure.

Shipped are the codes that clinical rules ask for and the indications (clinical.md 2.3, 5), names in our own words. Any
other code of the right form may be written with its name; nothing is looked up on a network. ICD-10-CM has more places
than WHO's ICD-10; both forms are taken.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

TYPED = re.compile(r"[A-Z][0-9][0-9A-Z](\.?[0-9A-Z]{1,4})?", re.ASCII)

SHIPPED: Mapping[str, str] = MappingProxyType(
    {
        "F32.1": "Depression, one episode, moderate",
        "F32.2": "Depression, one episode, severe",
        "F32.3": "Depression, one episode, severe with psychosis",
        "F33.1": "Depression, recurrent, moderate",
        "F33.2": "Depression, recurrent, severe",
        "F33.3": "Depression, recurrent, severe with psychosis",
        "F30.9": "Manic episode",
        "F31.9": "Bipolar disorder",
        "F20.9": "Schizophrenia",
        "F25.9": "Schizoaffective disorder",
        "F29": "Psychosis, not specified",
        "F41.1": "Generalised anxiety",
        "F42.9": "Obsessive-compulsive disorder",
        "F43.10": "Post-traumatic stress disorder",
        "F10.20": "Alcohol dependence",
        "F10.21": "Alcohol dependence, in remission",
        "F11.20": "Opioid dependence",
        "F11.21": "Opioid dependence, in remission",
        "F19.20": "Dependence on another substance",
        "F19.21": "Dependence on another substance, in remission",
        "G90.50": "Complex regional pain syndrome I",
        "G56.40": "Complex regional pain syndrome II, arm",
        "G57.70": "Complex regional pain syndrome II, leg",
        "G93.2": "Raised pressure in the head, benign",
        "I10": "High blood pressure",
        "I16.9": "Hypertensive crisis",
        "I20.0": "Unstable angina",
        "I21.9": "Heart attack",
        "I50.9": "Heart failure",
        "I60.9": "Bleeding around the brain (subarachnoid)",
        "I61.9": "Bleeding in the brain",
        "I63.9": "Stroke from a clot",
        "I67.1": "Aneurysm of a brain vessel",
        "I71.2": "Aneurysm of the chest aorta",
        "I71.4": "Aneurysm of the belly aorta",
        "I72.9": "Aneurysm of another artery",
        "Q28.2": "Arteriovenous malformation of brain vessels",
        "Q27.30": "Arteriovenous malformation elsewhere",
        "K70.30": "Alcoholic cirrhosis of the liver",
        "K72.90": "Liver failure",
        "K74.60": "Cirrhosis of the liver",
        "N30.10": "Interstitial cystitis",
        "R45.851": "Suicidal thoughts",
        "Z33.1": "Pregnant",
        "Z39.1": "Breastfeeding",
        "Z91.51": "Suicide attempt in the past",
    }
)


def normal(text: str) -> str:
    """As it is stored: upper case, no spaces, the point after the third place. Raises ValueError for another form."""
    typed = text.strip().upper()
    if not TYPED.fullmatch(typed):
        raise ValueError(text)
    bare = typed.replace(".", "")
    return bare if len(bare) <= 3 else f"{bare[:3]}.{bare[3:]}"


def starts_with(code: str, prefixes: tuple[str, ...]) -> bool:
    """Is the code one of these, or under one of them?"""
    return code.replace(".", "").startswith(tuple(prefix.replace(".", "") for prefix in prefixes))
