"""`manage.py vapid_key`: a fresh key for notifications to browsers, to be set as TELEK_VAPID_KEY."""

import base64
from typing import Any

from django.core.management.base import BaseCommand
from py_vapid import Vapid02

KEY_BYTES = 32


class Command(BaseCommand):
    """Prints 43 letters; keeps nothing."""

    help = "Print a new private key for TELEK_VAPID_KEY. A new one ends every subscription."
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        signer = Vapid02()
        signer.generate_keys()
        number = signer.private_key.private_numbers().private_value
        self.stdout.write(base64.urlsafe_b64encode(number.to_bytes(KEY_BYTES, "big")).decode().rstrip("="))
