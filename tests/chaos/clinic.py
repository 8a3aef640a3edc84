"""Put the cast into the rig's database: `python -m tests.chaos.clinic`."""

import django

if __name__ == "__main__":
    django.setup()
    from django.db import transaction

    from tests.cast import make_cast

    with transaction.atomic():  # a clinic's rows exist for a transaction only
        make_cast()
