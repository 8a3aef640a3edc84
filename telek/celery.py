"""Celery: the second way in which what is due gets done; the whole beat table stands here.

The worker connects as the pump's role. Losing every message of the broker loses no promise: the tick
carries no payload, and `manage.py pump` calls the same function.
"""

import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "telek.settings")
os.environ.setdefault("TELEK_DATABASE_ROLE", "pump")

from celery import Celery

app = Celery("telek")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["telek"])
app.conf.beat_schedule = {
    # `expires` drops a backlog instead of bursting after an outage.
    "pump": {"task": "telek.tasks.pump", "schedule": 2.0, "options": {"expires": 10}},
    "make-slots": {"task": "telek.tasks.make_slots", "schedule": 3600.0, "options": {"expires": 600}},
    "refit-forecasts": {"task": "telek.tasks.refit_forecasts", "schedule": 3600.0, "options": {"expires": 600}},
    "consumption-canary": {"task": "telek.tasks.canary", "schedule": 30.0, "options": {"expires": 30}},
}
