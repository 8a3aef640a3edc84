from django.db import migrations

from apps.core.db.walls import append_only, grant_pump, walls

PATIENT, SLOT = {"patient_id": "patients_patient"}, {"slot_id": "monitoring_slot"}

# A positive safety answer and its alert commit together or not at all, even if a path of the code forgets. It runs
# as the owner: at the moment of COMMIT a request may already have left its clinic.
SAFETY = """
create function monitoring_answer_has_alert() returns trigger
  language plpgsql security definer set search_path = public as $$
begin
  if new.value is null or not exists (
      select 1 from monitoring_safetyitem s
      where s.questionnaire_id = new.questionnaire_id and s.link_id = new.link_id and s.value = new.value) then
    return null;
  end if;
  if not exists (
      select 1 from alerts_alertoccurrence o
      where o.clinic_id = new.clinic_id and o.source_kind = 'item-answer' and o.source_id = new.id) then
    raise exception 'an unsafe answer without an alert' using errcode = 'check_violation';
  end if;
  return null;
end $$;
create constraint trigger answer_has_alert after insert on monitoring_itemanswer
  deferrable initially deferred for each row execute function monitoring_answer_has_alert();

create function monitoring_clinic_of_link(wanted text) returns table (clinic_id uuid)
  language sql stable security definer set search_path = public as $$
  select clinic_id from monitoring_surveylink where token_hash = wanted
$$;
revoke execute on function monitoring_clinic_of_link(text) from public;
grant execute on function monitoring_clinic_of_link(text) to telek_app;

-- What must always be 0, counted over every clinic; a number and nothing else.
create function monitoring_unsafe_without_alert(since timestamptz) returns bigint
  language sql stable security definer set search_path = public as $$
  select count(*) from monitoring_itemanswer a
  join monitoring_safetyitem s
    on s.questionnaire_id = a.questionnaire_id and s.link_id = a.link_id and s.value = a.value
  where a.received_at >= since and not exists (
    select 1 from alerts_alertoccurrence o
    where o.clinic_id = a.clinic_id and o.source_kind = 'item-answer' and o.source_id = a.id)
$$;
revoke execute on function monitoring_unsafe_without_alert(timestamptz) from public;
grant execute on function monitoring_unsafe_without_alert(timestamptz) to telek_app, telek_pump;
"""


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0001_initial"), ("alerts", "0002_walls")]
    operations = [
        grant_pump("monitoring_questionnaire", "select"),
        *append_only("monitoring_questionnaire"),
        grant_pump("monitoring_safetyitem", "select"),
        *append_only("monitoring_safetyitem"),
        *walls("monitoring_assignment", links={**PATIENT, "assigned_by_id": "accounts_membership"}, pump="select", pump_sees_all=True),
        *walls(
            "monitoring_slot",
            links={**PATIENT, "assignment_id": "monitoring_assignment"},
            pump="select, insert, update",
            pump_sees_all=True,
        ),
        *walls("monitoring_itemanswer", links={**PATIENT, **SLOT}, pump="select"),
        *append_only("monitoring_itemanswer"),
        *walls("monitoring_questionnaireresponse", links={**PATIENT, **SLOT}, pump="select"),
        *walls("monitoring_surveylink", links=SLOT, pump="select, insert, update", deletable=True),
        *walls("monitoring_anchor", links=PATIENT, pump="select"),
        *walls("monitoring_observation", links=PATIENT, pump="select"),
        migrations.RunSQL(SAFETY, migrations.RunSQL.noop),
    ]
