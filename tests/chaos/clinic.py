"""Put the cast and the published instruments into the rig's database: `python -m tests.chaos.clinic`."""

import django

if __name__ == "__main__":
    django.setup()
    from django.db import transaction

    from apps.monitoring.actions import publish_library
    from tests.cast import make_cast

    with transaction.atomic():  # a clinic's rows exist for a transaction only
        publish_library()
        make_cast()
