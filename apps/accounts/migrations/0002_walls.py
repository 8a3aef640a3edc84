from django.db import migrations

from apps.core.db.walls import append_only, grant_pump, walls

# Tokens and links arrive before a clinic is known: a function of the owner maps the hash to its clinic, and no more.
LOOKUPS = """
create function accounts_clinic_of_token(wanted text) returns table (clinic_id uuid)
  language sql stable security definer set search_path = public as $$
  select clinic_id from accounts_apitoken where token_hash = wanted
$$;
create function accounts_clinic_of_invitation(wanted text) returns table (clinic_id uuid)
  language sql stable security definer set search_path = public as $$
  select clinic_id from accounts_invitation where token_hash = wanted
$$;
revoke execute on function accounts_clinic_of_token(text), accounts_clinic_of_invitation(text) from public;
grant execute on function accounts_clinic_of_token(text), accounts_clinic_of_invitation(text) to telek_app;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0001_initial"), ("core", "0001_initial")]
    operations = [
        grant_pump("accounts_user", "select"),
        grant_pump("accounts_clinic", "select"),
        *walls("accounts_membership", pump="select", own_rows=True),
        *walls("accounts_contactpoint", pump="select", deletable=True),
        *walls("accounts_clinicsetting", pump="select"),
        *append_only("accounts_clinicsetting"),
        *walls("accounts_invitation", links={"membership_id": "accounts_membership"}),
        *walls("accounts_breakglass"),
        *walls("accounts_apitoken", links={"membership_id": "accounts_membership"}),
        migrations.RunSQL(LOOKUPS, migrations.RunSQL.noop),
    ]
