from django.db import migrations, models

# As before, and new: what has gone out, or never will, keeps no link, because the link may carry a token that still
# opens something. A page of the site shows its own rows (in-app), and keeps theirs.
MOVES = """
create or replace function notifications_check_move() returns trigger language plpgsql as $$
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
  if new.channel <> 'in-app' and new.state in ('sent', 'delivered', 'unknown', 'dead', 'cancelled') then
    new.context := new.context - 'link';
  end if;
  return new;
end $$;
"""
# Rows of before: locked one by one, and finished for good, so that nobody waits for them.
OLD = """
update notifications_delivery set context = context - 'link'
 where channel <> 'in-app' and state in ('sent', 'delivered', 'unknown', 'dead', 'cancelled') and context ? 'link';
"""


class Migration(migrations.Migration):
    dependencies = [("notifications", "0002_walls")]
    operations = [
        migrations.AddField("delivery", "answered_at", models.DateTimeField(null=True)),
        migrations.RunSQL(MOVES, migrations.RunSQL.noop),
        migrations.RunSQL(OLD, migrations.RunSQL.noop),
    ]
