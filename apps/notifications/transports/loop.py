"""The canary's own end of the line: arrived as soon as it is sent. Everything before the wire is as for any letter."""

from typing import Final

from apps.notifications.transports import Accepted, Letter

ADDRESS: Final = "canary@telek.invalid"  # RFC 2606: nobody's


class Loop:
    """Takes a letter of the canary."""

    def send(self, letter: Letter) -> Accepted:
        return Accepted(provider_id="loop", delivered=True)
