from django.db import migrations

from apps.core.db.walls import grant_pump, walls

# Which way a delivery may go; the database refuses the rest, whoever asks. What went out never waits again.
MOVES = """
create function notifications_check_move() returns trigger language plpgsql as $$
begin
  if tg_op = 'DELETE' then
    raise exception 'a delivery is never deleted' using errcode = 'insufficient_privilege';
  end if;
  if new.state <> old.state and (old.state, new.state) not in (
      ('pending', 'leased'), ('pending', 'cancelled'), ('pending', 'delivered'),
      ('leased', 'pending'), ('leased', 'sending'), ('leased', 'cancelled'), ('leased', 'delivered'),
      ('sending', 'pending'), ('sending', 'sent'), ('sending', 'delivered'), ('sending', 'unknown'),
      ('sending', 'dead'), ('sent', 'delivered'), ('unknown', 'delivered'), ('dead', 'delivered')) then
    raise exception 'a delivery cannot go from % to %', old.state, new.state using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger check_move before update or delete on notifications_delivery
  for each row execute function notifications_check_move();
"""

# The health page belongs to no clinic and sees no rows: a function of the owner counts what is late, and no more.
# A receipt of a provider names a delivery and no clinic: another one finds the clinic, and no more.
ACROSS_CLINICS = """
create function notifications_late(grace interval) returns table (waiting bigint, lapsed bigint)
  language sql stable security definer set search_path = public as $$
  select (select count(*) from notifications_delivery
           where state = 'pending' and channel <> 'in-app' and kind in ('1-alert', '6-canary')
             and not_before < telek_now() - grace and (expires_at is null or expires_at > telek_now())),
         (select count(*) from notifications_delivery
           where state in ('leased', 'sending') and lease_until < telek_now() - grace)
$$;
create function notifications_clinic_of(wanted uuid) returns uuid
  language sql stable security definer set search_path = public as $$
  select clinic_id from notifications_delivery where id = wanted
$$;
revoke execute on function notifications_late(interval), notifications_clinic_of(uuid) from public;
grant execute on function notifications_late(interval) to telek_app, telek_pump;
grant execute on function notifications_clinic_of(uuid) to telek_app;
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial"), ("core", "0001_initial")]
    operations = [
        *walls("notifications_delivery", pump="select, insert, update", pump_sees_all=True),
        grant_pump("notifications_demomessage", "select, insert"),
        migrations.RunSQL(MOVES, migrations.RunSQL.noop),
        migrations.RunSQL(ACROSS_CLINICS, migrations.RunSQL.noop),
    ]
