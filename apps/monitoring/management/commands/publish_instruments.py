"""Publish the instruments that came with this version of Telek. Harmless to repeat."""

from typing import Any

from django.core.management.base import BaseCommand

from apps.monitoring.actions import publish_library


class Command(BaseCommand):
    help = "Publishes every instrument of the library that is not published yet."

    def handle(self, *args: Any, **options: Any) -> None:
        published = publish_library()
        self.stdout.write(f"{len(published)} instruments are published.")
