"""The words of a message, from templates/notifications/<template>.txt and .subject.txt. Nothing clinical, ever.

A channel may have words of its own: <template>.voice.txt.
"""

from django.conf import settings
from django.template import Context, Engine
from django.utils import translation

from apps.notifications.models import Delivery
from apps.notifications.transports import Letter


def letter_of(delivery: Delivery) -> Letter:
    """The delivery in its recipient's language. Raises TemplateDoesNotExist for a template that nobody wrote."""
    with translation.override(delivery.language):
        return Letter(
            key=str(delivery.pk),
            channel=delivery.channel,
            address=delivery.address,
            subject=" ".join(_render([f"{delivery.template}.subject"], delivery.context).split()),
            body=_render([f"{delivery.template}.{delivery.channel}", delivery.template], delivery.context),
        )


def _render(names: list[str], words: dict[str, str]) -> str:
    """Plain text of the first template that exists: no escaping. A link that is a path becomes an address of this installation."""
    link = str(words.get("link", ""))
    absolute = f"{settings.PUBLIC_URL}{link}" if link.startswith("/") else link
    template = Engine.get_default().select_template([f"notifications/{name}.txt" for name in names])
    return template.render(Context({**words, "link": absolute}, autoescape=False)).strip()
