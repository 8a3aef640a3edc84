"""Rows that every app stands on; no word of the domain."""

from django.db import models

from apps.core.ids import new_id


class Row(models.Model):
    """A row with a time-sorted uuid and the moment it was written."""

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    created_at = models.DateTimeField(
        db_default=models.Func(function="telek_now", output_field=models.DateTimeField()), editable=False
    )

    class Meta:
        abstract = True


class ClockShift(models.Model):
    """How far the clock is moved (tests and demo); production has no row."""

    shift = models.DurationField()

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="one_clock")]


class DataKey(models.Model):
    """A person's wrapped data key (core.encryption). Destroying it is erasure."""

    person_id = models.UUIDField(primary_key=True)
    clinic_id = models.UUIDField(db_index=True)
    wrapped = models.BinaryField()
    destroyed_at = models.DateTimeField(null=True, blank=True)


class RateCount(models.Model):
    """Attempts within a window, in PostgreSQL so that a dead Redis locks nobody in or out (core.throttle)."""

    key = models.CharField(max_length=200, primary_key=True)
    window_ends_at = models.DateTimeField()
    count = models.PositiveIntegerField(default=0)


class EngineBeat(models.Model):
    """The last clean cycle of an engine; written only by a cycle that left nothing overdue."""

    engine = models.CharField(max_length=100, primary_key=True)
    host = models.CharField(max_length=200)
    pid = models.IntegerField()
    started_at = models.DateTimeField()
    finished_ok_at = models.DateTimeField(null=True)
    overdue_steps = models.IntegerField(default=0)
    overdue_deliveries = models.IntegerField(default=0)
