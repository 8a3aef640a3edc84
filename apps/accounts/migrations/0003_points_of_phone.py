from django.db import migrations

# A text message that comes in names a telephone and no clinic: a function of the owner finds the clinics whose people
# gave that number, and no more. Written as digits with a leading +, or without.
POINTS = """
create function accounts_clinics_of_phone(number text) returns table (clinic_id uuid)
  language sql stable security definer set search_path = public as $$
  select distinct c.clinic_id from accounts_contactpoint c
   where c.channel in ('sms', 'voice') and length(number) between 6 and 20
     and regexp_replace(c.address, '[^0-9]', '', 'g') = regexp_replace(number, '[^0-9]', '', 'g')
$$;
revoke execute on function accounts_clinics_of_phone(text) from public;
grant execute on function accounts_clinics_of_phone(text) to telek_app;
create index accounts_contactpoint_phone on accounts_contactpoint (regexp_replace(address, '[^0-9]', '', 'g'))
  where channel in ('sms', 'voice');
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0002_walls")]
    operations = [
        migrations.RunSQL(
            POINTS,
            "drop index accounts_contactpoint_phone; drop function accounts_clinics_of_phone(text);",
        )
    ]
