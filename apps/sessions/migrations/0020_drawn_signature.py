from django.db import migrations, models

# A drawn signature is a bounded list, and it is as little changed afterwards as the name.
KEEP = """
create or replace function care_sessions_keep_consent() returns trigger language plpgsql as $$
begin
  if old.status = 'inactive' or (new.text_id, new.patient_id, new.agreed, new.signed_name, new.signed_at, new.digest{more_new})
      is distinct from (old.text_id, old.patient_id, old.agreed, old.signed_name, old.signed_at, old.digest{more_old}) then
    raise exception 'a signed consent is withdrawn once, not changed' using errcode = 'insufficient_privilege';
  end if;
  return new;
end $$;
"""
BOUND = """
alter table care_sessions_treatmentconsent add constraint drawn_signature_is_a_bounded_list
  check (strokes is null or (jsonb_typeof(strokes) = 'array' and octet_length(strokes::text) <= 65536));
"""


class Migration(migrations.Migration):
    dependencies = [
        ("care_sessions", "0019_site_may_be_corrected"),
    ]

    operations = [
        migrations.AddField(
            model_name="treatmentconsent",
            name="strokes",
            field=models.JSONField(null=True),
        ),
        migrations.RunSQL(
            BOUND + KEEP.format(more_new=", new.strokes", more_old=", old.strokes"),
            "alter table care_sessions_treatmentconsent drop constraint drawn_signature_is_a_bounded_list;"
            + KEEP.format(more_new="", more_old=""),
        ),
    ]
