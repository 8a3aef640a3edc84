"""Functions that run with the owner's rights find what they name in the catalogue and in public, and nowhere else.

Without pg_temp at the end PostgreSQL looks for tables among the caller's temporary ones first. Here, because this app
stands above all others: every function that exists so far is meant; tests/architecture/test_tenancy.py asks the later ones.
"""

from django.db import migrations

NOWHERE_ELSE = """
do $$
declare
  one regprocedure;
begin
  for one in
    select p.oid::regprocedure from pg_proc p
    where p.prosecdef and p.pronamespace = 'public'::regnamespace and p.proowner = current_user::regrole
  loop
    execute format('alter function %s set search_path = pg_catalog, public, pg_temp', one);
  end loop;
end $$;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0006_clinic_logo"),
        ("alerts", "0007_audience"),
        ("audit", "0002_walls"),
        ("care_sessions", "0014_guests_and_steps"),
        ("messaging", "0005_word_index"),
        ("monitoring", "0008_canary_and_links"),
        ("notifications", "0004_push_subscriptions"),
        ("outcomes", "0003_when_to_refit"),
        ("patients", "0005_guest_links"),
    ]
    operations = [migrations.RunSQL(NOWHERE_ELSE, migrations.RunSQL.noop)]
