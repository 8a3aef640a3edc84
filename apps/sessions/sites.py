"""The places at which a clinic treats, from its setting; with fewer than two of them nobody is asked."""

from typing import Final

from apps.accounts.clinic_settings import setting
from apps.accounts.models import Clinic

LONGEST: Final = 60  # characters of a name, as Course.site keeps it


def sites_of(clinic: Clinic) -> tuple[str, ...]:
    """Their names in the order of the setting, each once."""
    names = (" ".join(name.split())[:LONGEST].strip() for name in str(setting(clinic, "sites")).split(";"))
    return tuple(dict.fromkeys(name for name in names if name))
