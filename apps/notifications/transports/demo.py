"""The demo's outbox: what would have been sent is written to a table and shown at /demo/outbox/."""

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend

from apps.notifications.models import Channel, DemoMessage
from apps.notifications.transports import Accepted, Letter


class Outbox:
    """Writes each letter once: the key is unique, as with a real provider."""

    def send(self, letter: Letter) -> Accepted:
        row = DemoMessage(
            key=letter.key,
            channel=letter.channel,
            address=letter.address,
            subject=letter.subject[:300],
            body=letter.body,
        )
        DemoMessage.objects.bulk_create([row], ignore_conflicts=True)
        return Accepted(provider_id="demo", delivered=True)


class EmailBackend(BaseEmailBackend):
    """Django's own mails (sign-in codes, invitations) into the same outbox."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        rows = [
            DemoMessage(channel=Channel.EMAIL, address=address, subject=str(mail.subject)[:300], body=str(mail.body))
            for mail in email_messages
            for address in mail.recipients()
        ]
        DemoMessage.objects.bulk_create(rows)
        return len(email_messages)
