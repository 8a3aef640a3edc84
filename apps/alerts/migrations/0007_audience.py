from django.db import migrations, models

# Nobody's alert is the canary's and no other, and who sees an alert only ever widens. The canary's ends by itself.
AUDIENCE = """
create function alerts_check_audience() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and new.audience <> old.audience and new.audience <> 'desk' then
    raise exception 'an alert is never hidden' using errcode = 'check_violation';
  end if;
  if new.audience = 'nobody' and not exists (
      select from patients_patient p where p.id = new.patient_id and p.is_canary) then
    raise exception 'an alert of a person is seen' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger check_audience before insert or update of audience, patient_id on alerts_alert
  for each row execute function alerts_check_audience();

create or replace function alerts_check_move() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'an alert is never deleted' using errcode = 'insufficient_privilege';
  end if;
  if old.state = 'resolved' then
    raise exception 'a resolved alert does not change' using errcode = 'check_violation';
  end if;
  if new.state <> old.state and (old.state, new.state) not in (
      ('open', 'acked'), ('acked', 'contacted'), ('acked', 'open'), ('contacted', 'open'), ('contacted', 'resolved'),
      ('acked', 'resolved'))
    and not (old.state = 'open' and new.state = 'resolved' and (old.level = 'P3' or old.audience = 'nobody')) then
    raise exception 'an alert cannot go from % to %', old.state, new.state using errcode = 'check_violation';
  end if;
  if new.level > old.level then
    raise exception 'an alert is never lowered' using errcode = 'check_violation';
  end if;
  return new;
end $$;
"""


class Migration(migrations.Migration):

    dependencies = [("alerts", "0006_rule_kinds_on_courses"), ("patients", "0003_canary")]

    operations = [
        migrations.AddField(
            model_name="alert",
            name="audience",
            field=models.CharField(
                choices=[
                    ("desk", "everybody at the desk"),
                    ("clinicians", "licensed clinicians, and whoever is on call or paged"),
                    ("nobody", "nobody: a test of the paging"),
                ],
                db_default="desk",
                default="desk",
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="rule",
            name="audience",
            field=models.CharField(
                choices=[
                    ("desk", "everybody at the desk"),
                    ("clinicians", "licensed clinicians, and whoever is on call or paged"),
                ],
                default="desk",
                max_length=20,
            ),
        ),
        migrations.AddField(
            model_name="escalationpolicy",
            name="off_at",
            field=models.DateTimeField(editable=False, null=True),
        ),
        migrations.RunSQL(AUDIENCE, migrations.RunSQL.noop),
    ]
