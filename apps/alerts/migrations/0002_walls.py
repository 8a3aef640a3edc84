from django.db import migrations

from apps.core.db.walls import append_only, walls

MEMBER, PATIENT, ALERT = "accounts_membership", {"patient_id": "patients_patient"}, {"alert_id": "alerts_alert"}
WORK = "select, insert, update"

# Which way a state may go; the database refuses the rest, whoever asks.
MOVES = """
create function alerts_check_move() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'an alert is never deleted' using errcode = 'insufficient_privilege';
  end if;
  if old.state = 'resolved' then
    raise exception 'a resolved alert does not change' using errcode = 'check_violation';
  end if;
  if new.state <> old.state and (old.state, new.state) not in (
      ('open', 'acked'), ('acked', 'contacted'), ('acked', 'open'), ('contacted', 'open'), ('contacted', 'resolved'),
      ('acked', 'resolved')) and not (old.state = 'open' and new.state = 'resolved' and old.level = 'P3') then
    raise exception 'an alert cannot go from % to %', old.state, new.state using errcode = 'check_violation';
  end if;
  if new.level > old.level then
    raise exception 'an alert is never lowered' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger check_move before update or delete on alerts_alert for each row execute function alerts_check_move();
"""

# The health page belongs to no clinic and sees no rows: a function of the owner counts what is late, and no more.
LATE = """
create function alerts_late() returns table (overdue bigint, lapsed bigint, timers bigint)
  language sql stable security definer set search_path = public as $$
  select count(*) filter (where state = 'open' and next_step_at < telek_now() - interval '60 seconds'),
         count(*) filter (where state = 'acked' and next_step_at < telek_now() - interval '60 seconds'),
         count(*) filter (where state in ('contacted', 'resolved') and next_step_at is not null)
    from alerts_alert where state <> 'resolved' or next_step_at is not null
$$;
revoke execute on function alerts_late() from public;
grant execute on function alerts_late() to telek_app, telek_pump;
"""


class Migration(migrations.Migration):
    dependencies = [("alerts", "0001_initial"), ("patients", "0002_walls")]
    operations = [
        *walls("alerts_escalationpolicy", pump="select"),
        *walls("alerts_escalationrung", links={"policy_id": "alerts_escalationpolicy"}, pump="select", deletable=True),
        *walls("alerts_rostershift", links={"membership_id": MEMBER, "stands_in_for_id": MEMBER}, pump="select", deletable=True),
        *walls(
            "alerts_alert", links={**PATIENT, "owner_id": MEMBER, "resolved_by_id": MEMBER}, pump=WORK, pump_sees_all=True,
        ),
        *walls("alerts_alertoccurrence", links=ALERT, pump="select, insert"),
        *append_only("alerts_alertoccurrence"),
        *walls("alerts_alertstep", links=ALERT, pump="select, insert"),
        *append_only("alerts_alertstep"),
        *walls("alerts_alertevent", links={**ALERT, "actor_id": MEMBER}, pump="select, insert"),
        *append_only("alerts_alertevent"),
        *walls("alerts_contactattempt", links={**ALERT, "actor_id": MEMBER}, pump="select"),
        *append_only("alerts_contactattempt"),
        *walls("alerts_reviewedlevel", links={**PATIENT, "signed_by_id": MEMBER}, pump="select"),
        migrations.RunSQL(MOVES, migrations.RunSQL.noop),
        migrations.RunSQL(LATE, migrations.RunSQL.noop),
    ]
