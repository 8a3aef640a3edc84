from django.db import migrations

from apps.core.db.walls import append_only, walls

MEMBER, VISIT = "accounts_membership", {"visit_id": "care_sessions_visit"}

SIGNED = """
create function care_sessions_keep_signed() returns trigger language plpgsql as $$
begin
  if old.status = 'final' and (new.text, new.next_step, new.next_step_on, new.signed_at, new.author_id)
      is distinct from (old.text, old.next_step, old.next_step_on, old.signed_at, old.author_id) then
    raise exception 'a signed note is corrected by a new one' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
create trigger keep_signed before update on care_sessions_visitnote
  for each row execute function care_sessions_keep_signed();
"""


class Migration(migrations.Migration):
    dependencies = [("care_sessions", "0001_initial"), ("alerts", "0002_walls")]
    operations = [
        *walls(
            "care_sessions_visit",
            links={"patient_id": "patients_patient", "clinician_id": MEMBER, "alert_id": "alerts_alert"},
            pump="select, update",
            pump_sees_all=True,
        ),
        *walls("care_sessions_visitseat", links={**VISIT, "membership_id": MEMBER}),
        *walls("care_sessions_visitevent", links={**VISIT, "actor_id": MEMBER}, pump="select, insert"),
        *append_only("care_sessions_visitevent"),
        *walls("care_sessions_visitnote", links={**VISIT, "author_id": MEMBER, "corrects_id": "care_sessions_visitnote"}),
        migrations.RunSQL(SIGNED, migrations.RunSQL.noop),
    ]
