"""Threads among staff: a kind of their own, which no patient's session is shown by PostgreSQL either."""

from django.db import migrations, models
from django.db.models import Q

# No session of a patient: its person is nobody's patient in the clinic in force. Asked once a statement, and only
# where a row among staff would otherwise be shown.
STAFF_SESSION = """(select not exists (
  select 1 from patients_patient p
  where p.clinic_id = nullif(current_setting('telek.clinic', true), '')::uuid
    and p.user_id = nullif(current_setting('telek.user', true), '')::uuid))"""
WALL = "create policy team_wall on {table} as restrictive to telek_app using (not staff_only or {staff});"
CHECK = (
    "alter table messaging_message add constraint no_patient_among_staff"
    " check (not staff_only or not from_patient) not valid;"  # no older row is among staff
)
SAME_KIND = """
alter table messaging_thread add constraint messaging_thread_kind unique (clinic_id, id, staff_only);
alter table messaging_message add constraint messaging_message_thread_same_kind
  foreign key (clinic_id, thread_id, staff_only) references messaging_thread (clinic_id, id, staff_only)
  deferrable initially deferred not valid;
alter table messaging_message drop constraint messaging_message_thread_id_same_clinic;
"""


class Migration(migrations.Migration):
    dependencies = [("messaging", "0002_walls")]
    operations = [
        migrations.AddField("thread", "staff_only", models.BooleanField(db_default=False, default=False)),
        migrations.AddField("message", "staff_only", models.BooleanField(db_default=False, default=False)),
        migrations.AddConstraint(
            "thread",
            models.UniqueConstraint(fields=("clinic", "patient", "staff_only"), name="one_thread_of_a_kind"),
        ),
        migrations.RemoveConstraint("thread", "one_thread_a_patient"),
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunSQL(CHECK, "alter table messaging_message drop constraint no_patient_among_staff;")],
            state_operations=[
                migrations.AddConstraint(
                    "message",
                    models.CheckConstraint(
                        condition=Q(staff_only=False) | Q(from_patient=False), name="no_patient_among_staff"
                    ),
                )
            ],
        ),
        migrations.RunSQL(SAME_KIND, migrations.RunSQL.noop),
        *(
            migrations.RunSQL(WALL.format(table=table, staff=STAFF_SESSION), f"drop policy team_wall on {table};")
            for table in ("messaging_thread", "messaging_message")
        ),
    ]
