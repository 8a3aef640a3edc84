"""The demo's outbox stands in for a provider: it takes a key once, and Django's own mails as well."""

import pytest
from django.core.mail import EmailMessage

from apps.notifications.models import DemoMessage
from apps.notifications.transports import Letter
from apps.notifications.transports.demo import EmailBackend, Outbox

pytestmark = pytest.mark.django_db
LETTER = Letter("k-1", "sms", "+15550100", "A subject", "A text")


def test_the_same_key_is_written_once() -> None:
    for _ in range(2):
        assert Outbox().send(LETTER).delivered
    message = DemoMessage.objects.get()
    assert (message.channel, message.address, message.body) == ("sms", "+15550100", "A text")


def test_a_mail_of_the_system_itself_appears_once_a_recipient() -> None:
    mail = EmailMessage("Your code", "123 456", to=["a@telek.example"], cc=["b@telek.example"])
    assert EmailBackend().send_messages([mail]) == 1
    assert set(DemoMessage.objects.values_list("address", "subject")) == {
        ("a@telek.example", "Your code"),
        ("b@telek.example", "Your code"),
    }
