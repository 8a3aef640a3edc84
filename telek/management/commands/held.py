"""`manage.py held`: what engines would do first after a restore, and a way to let old messages go unsent.

A restored database does not know what was sent after its moment: start engines with TELEK_HOLD=1, look, decide,
then start them without it. Alerts are never dropped here: an open one is paged again, once, which is right.
"""

from argparse import ArgumentParser
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand
from django.db.models import Count, Min
from django.utils.translation import gettext as _

from apps.alerts.models import Alert
from apps.core import clock
from apps.notifications.actions import drop_older
from apps.notifications.models import Delivery


class Command(BaseCommand):
    """Needs TELEK_DATABASE_ROLE=pump."""

    help = "Say what is due, and with --drop-older-than let old messages other than alerts go unsent."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--drop-older-than", type=int, metavar="MINUTES", help=_("messages due longer ago"))

    def handle(self, *args: Any, **options: Any) -> None:
        now, minutes = clock.now(), options["drop_older_than"]
        if minutes is not None:
            count = drop_older(than=now - timedelta(minutes=minutes))
            self.stdout.write(_("%(count)d messages will not be sent.") % {"count": count})
        steps = Alert.objects.due(now).aggregate(count=Count("pk"), oldest=Min("next_step_at"))
        self._say(_("alerts to page"), steps["count"], steps["oldest"])
        due = Delivery.objects.due(now).values("kind").annotate(count=Count("pk"), oldest=Min("not_before"))
        for row in due.order_by("kind"):
            self._say(row["kind"], row["count"], row["oldest"])

    def _say(self, what: str, count: int, oldest: Any) -> None:
        since = _("since %(time)s") % {"time": oldest.isoformat(timespec="seconds")} if oldest else ""
        self.stdout.write(f"{what}: {count} {since}".rstrip())
