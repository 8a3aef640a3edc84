from django.db import migrations

from apps.core.db.walls import append_only, grant_pump

# Rows without a clinic (sign-in, refusals at the gate) hold no person's data; no admin page lists them for a clinic.
POLICIES = """
alter table audit_auditevent enable row level security;
alter table audit_auditevent force row level security;
create policy clinic_reads on audit_auditevent for select to telek_app, telek_pump
  using (clinic_id is null or clinic_id = (select nullif(current_setting('telek.clinic', true), '')::uuid));
create policy anybody_writes on audit_auditevent for insert to telek_app, telek_pump
  with check (clinic_id is null or clinic_id = (select nullif(current_setting('telek.clinic', true), '')::uuid));
create policy owner_all on audit_auditevent to telek_owner using (true) with check (true);
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial"), ("core", "0001_initial")]
    operations = [
        migrations.RunSQL(POLICIES, migrations.RunSQL.noop),
        grant_pump("audit_auditevent", "select, insert"),
        *append_only("audit_auditevent"),
    ]
