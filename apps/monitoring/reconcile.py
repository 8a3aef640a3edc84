"""What must always be 0: asked every minute, of all clinics at once. Read-only, and it shouts."""

from datetime import timedelta

from django.db import connection

from apps.core import clock

LOOK_BACK = timedelta(days=7)


def unsafe_without_alert() -> int:
    """Unsafe answers of the last week without an alert; the database refuses them, so this is 0 or a disaster."""
    with connection.cursor() as cursor:
        cursor.execute("select monitoring_unsafe_without_alert(%s)", [clock.now() - LOOK_BACK])
        (count,) = cursor.fetchone()
    return int(count)
