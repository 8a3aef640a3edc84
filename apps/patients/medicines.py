"""Medicines that matter beside ketamine and esketamine, found by their names (clinical.md 2.3). Pure.

A name is what somebody typed: "Sertraline 50", "Xanax". Generic names and common trade names are known; what is not
known has no flag, and staff may set one by hand. A flag is a caution for a person to judge and never an order.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Flag(StrEnum):
    """Why a medicine matters. The first five are reason codes of eligibility (clinical.md 2.4)."""

    MAOI = "maoi"
    STIMULANT = "psychostimulant"
    BENZODIAZEPINE = "benzodiazepine"
    OPIOID = "opioid"
    CNS = "other_cns_depressant"
    SYMPATHOMIMETIC = "sympathomimetic"
    CYP3A4 = "cyp3a4_inhibitor"
    CYP2B6 = "cyp2b6_inhibitor"
    INDUCER = "cyp_inducer"
    THEOPHYLLINE = "theophylline"
    LAMOTRIGINE = "lamotrigine"


@dataclass(frozen=True, slots=True)
class Group:
    """Names as they begin (lower case), and where the effect is described."""

    names: tuple[str, ...]
    source: str


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split())


LABEL = "esketamine label, section 7 (V)"
GROUPS: Mapping[Flag, Group] = {
    Flag.MAOI: Group(
        _names(
            "phenelzine nardil tranylcypromine parnate isocarboxazid marplan selegiline emsam zelapar eldepryl "
            "rasagiline azilect safinamide xadago moclobemide aurorix manerix linezolid zyvox methylene-blue"
        ),
        LABEL,
    ),
    Flag.STIMULANT: Group(
        _names(
            "amphetamine amfetamine adderall dexamphetamine dextroamphetamine dexamfetamine dexedrine lisdexamfetamine "
            "lisdexamphetamine vyvanse elvanse methylphenidate ritalin concerta medikinet dexmethylphenidate focalin "
            "modafinil provigil armodafinil nuvigil methamphetamine desoxyn solriamfetol sunosi pitolisant"
        ),
        LABEL,
    ),
    Flag.BENZODIAZEPINE: Group(
        _names(
            "alprazolam xanax lorazepam ativan tavor clonazepam klonopin rivotril diazepam valium temazepam restoril "
            "oxazepam chlordiazepoxide librium clobazam onfi triazolam halcion midazolam bromazepam lormetazepam "
            "nitrazepam flunitrazepam flurazepam estazolam clorazepate tranxene"
        ),
        LABEL + "; may blunt the effect (GK)",
    ),
    Flag.OPIOID: Group(
        _names(
            "morphine oxycodone oxycontin percocet hydrocodone vicodin norco hydromorphone dilaudid fentanyl tramadol "
            "ultram tapentadol nucynta codeine methadone buprenorphine suboxone subutex oxymorphone meperidine "
            "pethidine tilidine naloxone-tilidine"
        ),
        LABEL,
    ),
    Flag.CNS: Group(
        _names(
            "zolpidem ambien zopiclone eszopiclone lunesta zaleplon sonata gabapentin neurontin pregabalin lyrica "
            "baclofen cyclobenzaprine flexeril carisoprodol soma tizanidine methocarbamol quetiapine seroquel "
            "olanzapine zyprexa clozapine trazodone mirtazapine doxepin amitriptyline hydroxyzine atarax vistaril "
            "diphenhydramine benadryl doxylamine promethazine phenobarbital primidone butalbital sodium-oxybate xyrem "
            "suvorexant belsomra lemborexant daridorexant chloral clonidine"
        ),
        LABEL,
    ),
    Flag.SYMPATHOMIMETIC: Group(
        _names("pseudoephedrine sudafed phenylephrine ephedrine phentermine adipex vasopressin desmopressin midodrine"),
        "Ketalar label (V)",
    ),
    Flag.CYP3A4: Group(
        _names(
            "clarithromycin biaxin erythromycin ketoconazole itraconazole posaconazole voriconazole ritonavir paxlovid "
            "cobicistat nefazodone diltiazem verapamil grapefruit fluvoxamine"
        ),
        "raise oral ketamine (V)",
    ),
    Flag.CYP2B6: Group(_names("ticlopidine clopidogrel plavix"), "raise S-ketamine (V)"),
    Flag.INDUCER: Group(
        _names(
            "rifampicin rifampin rifabutin carbamazepine tegretol phenytoin dilantin phenobarbital efavirenz st-johns-wort"
        ),
        "lower ketamine (V)",
    ),
    Flag.THEOPHYLLINE: Group(_names("theophylline aminophylline"), "lower seizure threshold (V)"),
    Flag.LAMOTRIGINE: Group(_names("lamotrigine lamictal"), "may blunt the effect (GK)"),
}
_SEVERAL_WORDS = {
    r"methylene blue": "methylene-blue",
    r"sodium oxybate": "sodium-oxybate",
    r"(st|saint) john'?s? ?-?wort": "st-johns-wort",
}
KETAMINE = ("ketamine", "esketamine", "ketalar", "spravato", "arketamine")


def flags_of(name: str) -> tuple[Flag, ...]:
    """Flags of a medicine by its name, in the order of Flag."""
    words = _words(name)
    return tuple(flag for flag, group in GROUPS.items() if any(word in group.names for word in words))


def is_ketamine(substance: str) -> bool:
    """Does the text name ketamine, or a product of it?"""
    return any(known in word for word in _words(substance) for known in KETAMINE)


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    plain = " ".join(plain.replace(".", " ").split())
    for written, one in _SEVERAL_WORDS.items():
        plain = re.sub(written, one, plain)
    return re.findall(r"[a-z][a-z-]*", plain)
