"""The project itself as an application: its commands, its checks, and the refusal to start unfit."""

import sys

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class TelekConfig(AppConfig):
    """Registers the checks; in production nothing starts (web, worker, pump) while one of them fails."""

    name = "telek"

    def ready(self) -> None:
        from telek import checks  # registers them

        asked = sys.argv[1:2] == ["check"]  # that command lists what is wrong by itself
        if settings.PRODUCTION and not asked:
            faults = checks.production(None)
            if faults:
                raise ImproperlyConfigured("\n".join(f"{fault.id}: {fault.msg} {fault.hint}" for fault in faults))
