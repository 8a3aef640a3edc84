"""Email through Django's mail backend. A repeat carries the same Message-ID, so that mail programs show it once."""

import smtplib
from email.utils import parseaddr

from django.conf import settings
from django.core.mail import EmailMessage, get_connection

from apps.notifications.transports import Accepted, Letter, Refused, Unclear


class Mail:
    """One mail a letter, over a connection of its own."""

    def send(self, letter: Letter) -> Accepted:
        message = _message(letter)
        connection = get_connection(timeout=settings.SEND_TIMEOUT_SECONDS)
        try:
            connection.open()
        except (OSError, smtplib.SMTPException) as error:
            raise Refused(f"mail server: {type(error).__name__}") from error
        message.connection = connection
        try:
            message.send()
        except smtplib.SMTPException as error:
            raise _meaning(error) from error
        except OSError as error:
            raise Unclear(f"mail server: {type(error).__name__}") from error
        finally:
            connection.close()
        return Accepted(provider_id=message.extra_headers["Message-ID"])


def _message(letter: Letter) -> EmailMessage:
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2]
    message = EmailMessage(
        subject=letter.subject,
        body=letter.body,
        to=[letter.address],
        headers={"Message-ID": f"<{letter.key}@{domain}>", "Auto-Submitted": "auto-generated"},
    )
    if letter.calendar:
        message.attach("appointment.ics", letter.calendar, "text/calendar")
    return message


def _meaning(error: smtplib.SMTPException) -> Refused | Unclear:
    """RFC 5321: an answer of the server is certain; 5xx about the recipient or the text is for good."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _text in error.recipients.values()]
        return Refused("recipient refused", lasting=all(code >= 500 for code in codes))
    if isinstance(error, smtplib.SMTPResponseException):
        return Refused(
            f"mail server: {error.smtp_code}",
            lasting=isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500,
        )
    return Unclear(f"mail server: {type(error).__name__}")
