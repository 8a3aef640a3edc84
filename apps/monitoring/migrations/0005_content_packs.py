import django.db.models.deletion
from django.db import migrations, models

import apps.core.ids
from apps.core.db.walls import walls

# Answers hang on it: what was published stays as it was, whoever writes.
KEPT = """
create function monitoring_published_pack_stays() returns trigger language plpgsql as $$
begin
  if old.state <> 'draft' and (new.state = 'draft' or row(new.clinic_id, new.key, new.version, new.language, new.title,
      new.licence, new.attribution, new.source_url, new.document, new.digest, new.questionnaire_id)
      is distinct from row(old.clinic_id, old.key, old.version, old.language, old.title,
      old.licence, old.attribution, old.source_url, old.document, old.digest, old.questionnaire_id)) then
    raise exception 'a published content pack never changes' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger published_pack_stays before update on monitoring_contentpack
  for each row execute function monitoring_published_pack_stays();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_walls'),
        ('monitoring', '0004_slot_remind_at'),
    ]

    operations = [
        migrations.AddField(
            model_name='questionnaire',
            name='from_pack',
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AlterField(
            model_name='assignment',
            name='rhythm',
            field=models.CharField(choices=[('daily', 'every day'), ('weekly', 'every week'), ('once', 'once'), ('follow-on', 'after an answer'), ('staff', 'by staff')], max_length=10),
        ),
        migrations.AlterField(
            model_name='questionnaire',
            name='version',
            field=models.CharField(max_length=40),
        ),
        migrations.CreateModel(
            name='ContentPack',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=models.Func(function='telek_now', output_field=models.DateTimeField()), editable=False)),
                ('key', models.CharField(max_length=40, verbose_name='instrument')),
                ('version', models.CharField(max_length=20, verbose_name='version')),
                ('language', models.CharField(default='en', max_length=12, verbose_name='language')),
                ('title', models.CharField(max_length=120, verbose_name='title')),
                ('licence', models.TextField(verbose_name='licence')),
                ('attribution', models.TextField(verbose_name='attribution')),
                ('source_url', models.CharField(max_length=300, verbose_name='source')),
                ('document', models.JSONField()),
                ('digest', models.CharField(max_length=64)),
                ('state', models.CharField(choices=[('draft', 'draft'), ('published', 'published'), ('withdrawn', 'withdrawn')], default='draft', max_length=10, verbose_name='state')),
                ('published_at', models.DateTimeField(null=True, verbose_name='published')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('installed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('questionnaire', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='packs', to='monitoring.questionnaire')),
            ],
            options={
                'verbose_name': 'content pack',
                'verbose_name_plural': 'content packs',
                'constraints': [models.UniqueConstraint(fields=('clinic', 'key', 'version', 'language'), name='pack_version_once'), models.CheckConstraint(condition=models.Q(('state', 'draft'), models.Q(('published_at__isnull', False), ('questionnaire__isnull', False)), _connector='OR'), name='published_pack_has_a_questionnaire')],
            },
        ),
        *walls("monitoring_contentpack", links={"installed_by_id": "accounts_membership"}),
        migrations.RunSQL(KEPT, migrations.RunSQL.noop),
    ]
