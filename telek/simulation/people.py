"""Invented people of the two demonstration clinics. No real person."""

from dataclasses import dataclass, field
from datetime import date

from telek.simulation.course import Traits


@dataclass(frozen=True)
class Invented:
    """A patient as the demonstration needs them. email: of a persona, else made from the name."""

    given: str
    family: str
    born: date
    sex: str
    traits: Traits
    email: str = ""
    weeks_in_care: int = 6
    label: str = "IV 0.5 mg/kg"
    allergies: str = "None known"
    street: str = "Alder St"
    contact: tuple[str, str] = ("", "")
    plan: bool = False
    on_record: int = 0  # as in run.Life
    story: frozenset[str] = field(default_factory=frozenset)


def _p(given: str, family: str, born: date, sex: str, traits: Traits, **more: object) -> Invented:
    return Invented(given, family, born, sex, traits, **more)  # type: ignore[arg-type]


RIVERSIDE = [
    _p(
        "Maria",
        "Alvarez",
        date(1992, 3, 12),
        "female",
        Traits(19, 0.62, 11, 0.95),
        email="maria.alvarez@riverside.example",
        allergies="Penicillin (rash)",
        contact=("Elena Ruiz", "sister"),
        plan=True,
        weeks_in_care=8,
        on_record=3,
        story=frozenset({"chat", "visit-tomorrow", "in-chair", "around"}),
    ),
    _p(
        "Tobias",
        "Brandt",
        date(1968, 9, 2),
        "male",
        Traits(17, 0.5, 9, 0.9),
        email="tobias.brandt@riverside.example",
        contact=("Anke Brandt", "wife"),
        weeks_in_care=7,
        on_record=1,
        story=frozenset({"chat-work", "at-home"}),
    ),
    _p(
        "Leyla",
        "Osman",
        date(1997, 1, 20),
        "female",
        Traits(20, 0.4, 8, 0.95, item9_early=1),
        contact=("Deniz Osman", "brother"),
        plan=True,
        story=frozenset({"unsafe-today"}),
    ),
    _p(
        "Yusuf",
        "Demir",
        date(1979, 6, 14),
        "male",
        Traits(16, 0.45, 9, 0.93),
        contact=("Selin Demir", "wife"),
        label="esketamine 56 mg",
        story=frozenset({"unsafe-owned"}),
    ),
    _p(
        "Aminata",
        "Diallo",
        date(1990, 4, 8),
        "female",
        Traits(18, 0.5, 8, 0.9, silent_for_days=5),
        contact=("Fatou Diallo", "mother"),
    ),
    _p(
        "Kojo",
        "Mensah",
        date(1974, 11, 3),
        "male",
        Traits(15, 0.7, 13, 0.85, silent_for_days=4),
        contact=("Ama Mensah", "wife"),
    ),
    _p(
        "Lin",
        "Chen",
        date(1985, 7, 3),
        "female",
        Traits(18, 0.65, 10, 0.96),
        contact=("Jun Chen", "spouse"),
        plan=True,
        story=frozenset({"visit-today"}),
    ),
    _p("Ivana", "Novak", date(1985, 2, 17), "female", Traits(14, 0.6, 12, 0.92), contact=("Petr Novak", "husband")),
    _p(
        "Denise",
        "Grant",
        date(1962, 5, 25),
        "female",
        Traits(17, 0.55, 9, 0.95),
        contact=("Carl Grant", "husband"),
        label="esketamine 84 mg",
        story=frozenset({"problem"}),
    ),
    _p(
        "Sofie",
        "Eriksen",
        date(1981, 12, 9),
        "female",
        Traits(16, 0.6, 14, 0.9),
        contact=("Lars Eriksen", "husband"),
        on_record=1,
        story=frozenset({"visit-waiting", "in-chair", "no-talk"}),
    ),
    _p("Piet", "Jansen", date(1987, 8, 30), "male", Traits(15, 0.7, 12, 0.88), contact=("Els Jansen", "mother")),
    _p(
        "Ewa",
        "Kowalski",
        date(1978, 10, 11),
        "female",
        Traits(17, 0.55, 7, 0.93, worsening=True),
        contact=("Adam Kowalski", "husband"),
    ),
]
HILLSIDE = [
    _p(
        "Yusuf",
        "Farah",
        date(1988, 5, 6),
        "male",
        Traits(18, 0.5, 9, 0.93),
        email="yusuf.farah@hillside.example",
        contact=("Hodan Farah", "sister"),
        story=frozenset({"chat"}),
    ),
    _p("Hannah", "Weiss", date(1994, 9, 19), "female", Traits(16, 0.6, 11, 0.9), contact=("Paul Weiss", "father")),
    _p("Omar", "Haddad", date(1971, 3, 1), "male", Traits(19, 0.4, 8, 0.9), contact=("Rania Haddad", "wife")),
]
