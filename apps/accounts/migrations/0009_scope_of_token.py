from django.db import migrations

# As accounts_clinic_of_token, with the holder: a request's one transaction then begins with both.
FORWARDS = """
create function accounts_scope_of_token(wanted text) returns table (clinic_id uuid, user_id uuid)
  language sql stable security definer set search_path = public as $$
  select t.clinic_id, m.user_id from accounts_apitoken t join accounts_membership m on m.id = t.membership_id
  where t.token_hash = wanted
$$;
revoke execute on function accounts_scope_of_token(text) from public;
grant execute on function accounts_scope_of_token(text) to telek_app;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0008_new_contact_waits")]
    operations = [migrations.RunSQL(FORWARDS, "drop function accounts_scope_of_token(text)")]
