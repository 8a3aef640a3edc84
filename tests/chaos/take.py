"""Take every open alert by the link of its page, as the browser of whoever is on call: `python -m tests.chaos.take`."""

import sys
import time

import django

if __name__ == "__main__":
    django.setup()
    from django.db import transaction

    from apps.accounts.models import Clinic
    from apps.alerts.actions.accepting import accept
    from apps.core.db.scope import use_clinic
    from apps.notifications.models import Delivery

    clinic = Clinic.objects.get(slug="riverside")
    while True:
        with use_clinic(clinic.pk), transaction.atomic():
            pages = list(Delivery.objects.filter(kind="1-alert", channel="sms").values_list("pk", flat=True))
        for page in pages:
            with use_clinic(clinic.pk), transaction.atomic():
                accept(delivery_id=page, way="link")
        if "--once" in sys.argv:
            break
        time.sleep(0.2)
