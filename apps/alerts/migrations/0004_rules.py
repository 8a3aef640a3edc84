import apps.core.ids
import django.db.models.deletion
from django.db import migrations, models

from apps.core.db.walls import walls


# What is published stays as it is, but for its end and its timer; nothing is deleted.
IMMUTABLE = """
create function alerts_published_rule_stays() returns trigger language plpgsql as $$
begin
  if old.published_at is null then
    return new;
  end if;
  if (to_jsonb(new) - '{retired_at,retired_by_id,next_run_at}'::text[])
     is distinct from (to_jsonb(old) - '{retired_at,retired_by_id,next_run_at}'::text[]) then
    raise exception 'a published rule does not change' using errcode = 'check_violation';
  end if;
  return new;
end $$;
create trigger published_rule_stays before update on alerts_rule
  for each row execute function alerts_published_rule_stays();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_points_of_phone'),
        ('alerts', '0003_closing_record'),
    ]

    operations = [
        migrations.CreateModel(
            name='Rule',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=models.Func(function='telek_now', output_field=models.DateTimeField()), editable=False)),
                ('key', models.SlugField(max_length=30)),
                ('version', models.PositiveIntegerField(default=1)),
                ('name', models.CharField(max_length=80)),
                ('why', models.CharField(max_length=300)),
                ('source', models.CharField(max_length=200)),
                ('level', models.CharField(choices=[('P1', 'Act now'), ('P2', 'Today'), ('P3', 'Soon')], max_length=2)),
                ('audience', models.CharField(choices=[('desk', 'everybody at the desk'), ('clinicians', 'licensed clinicians')], default='desk', max_length=20)),
                ('kind', models.CharField(choices=[('item', 'an answer to a question'), ('score', 'a score'), ('change', "a score against the person's own usual one"), ('slope', 'a score that climbs from week to week'), ('silence', 'surveys not answered in a row'), ('vitals', 'a reading'), ('phrase', 'words in a message'), ('missed-check', 'nothing answered after a dose')], max_length=20)),
                ('parameters', models.JSONField(default=dict)),
                ('floor', models.BooleanField(default=False)),
                ('tried_at', models.DateTimeField(null=True)),
                ('trial', models.JSONField(default=dict)),
                ('published_at', models.DateTimeField(null=True)),
                ('retired_at', models.DateTimeField(null=True)),
                ('next_run_at', models.DateTimeField(null=True)),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('made_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('published_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('retired_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
            ],
            options={
                'ordering': ['key', '-version'],
                'indexes': [models.Index(condition=models.Q(('next_run_at__isnull', False)), fields=['next_run_at'], name='rule_due'), models.Index(condition=models.Q(('published_at__isnull', False)), fields=['clinic', 'kind'], name='rule_in_force')],
                'constraints': [models.UniqueConstraint(fields=('clinic', 'key', 'version'), name='rule_version_once'), models.UniqueConstraint(condition=models.Q(('published_at__isnull', False), ('retired_at__isnull', True)), fields=('clinic', 'key'), name='one_rule_in_force'), models.CheckConstraint(condition=models.Q(('floor', False), ('retired_at__isnull', True), _connector='OR'), name='the_floor_stays'), models.CheckConstraint(condition=models.Q(('published_at__isnull', True), ('tried_at__isnull', False), _connector='OR'), name='published_after_a_trial')],
            },
        ),
        *walls(
            "alerts_rule",
            links=dict.fromkeys(["made_by_id", "published_by_id", "retired_by_id"], "accounts_membership"),
            pump="select, update",
            pump_sees_all=True,
        ),
        migrations.RunSQL(IMMUTABLE, migrations.RunSQL.noop),
    ]
