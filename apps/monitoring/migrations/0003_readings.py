import apps.core.ids
import django.db.models.deletion
from django.db import migrations, models

from apps.core.db.walls import CLINIC, append_only, walls


PATIENT = {"patient_id": "patients_patient"}

# The table again, partitioned by month. Partitions live in a schema of their own in which nobody but the owner may
# look: every read and write goes through the parent and its row policy. What was stored is copied; the copy holds a
# lock on this one table for about ten seconds a million rows.
PARTITIONED = """
create schema if not exists readings;
alter table monitoring_observation rename to monitoring_observation_before;
alter table monitoring_observation_before drop constraint observation_once;
alter table monitoring_observation_before rename constraint monitoring_observation_pkey to monitoring_observation_before_pkey;
create table monitoring_observation (
  id uuid not null,
  created_at timestamptz not null default telek_now(),
  code varchar(40) not null,
  value numeric(12, 3) not null,
  unit varchar(20) not null,
  effective_at timestamptz not null,
  source varchar(60) not null,
  given varchar(40) not null default '',
  status varchar(20) not null default 'final',
  revision smallint not null default 0 check (revision >= 0),
  corrects uuid,
  reason varchar(200) not null default '',
  synthetic boolean not null default false,
  clinic_id uuid not null,
  patient_id uuid not null,
  primary key (id, effective_at),
  constraint monitoring_observation_patient_id_same_clinic foreign key (clinic_id, patient_id)
    references patients_patient (clinic_id, id) deferrable initially deferred,
  constraint observation_correction_names_its_row check ((corrects is null) = (revision = 0))
) partition by range (effective_at);
create unique index observation_once on monitoring_observation
  (clinic_id, patient_id, code, effective_at, source, revision);
create unique index observation_corrected_once on monitoring_observation (clinic_id, corrects, effective_at)
  where corrects is not null;

alter table monitoring_observation enable row level security;
alter table monitoring_observation force row level security;
create policy clinic_wall on monitoring_observation to telek_app, telek_pump
  using (%(clinic)s) with check (%(clinic)s);
create policy owner_all on monitoring_observation to telek_owner using (true) with check (true);
grant select, insert on monitoring_observation to telek_app;
revoke update, delete, truncate on monitoring_observation from telek_app;
grant select on monitoring_observation to telek_pump;

-- Makes the months that are missing; how many. A new table is attached under a lock that stops neither reads nor
-- writes of the others.
create function monitoring_ready_months(first timestamptz, last timestamptz) returns integer
  language plpgsql security definer set search_path = public as $$
declare
  month timestamp := date_trunc('month', first at time zone 'UTC');
  part text;
  made integer := 0;
begin
  if first < '2000-01-01' or last > '2101-01-01' or last > first + interval '10 years' then
    raise exception 'no months of readings there' using errcode = 'check_violation';
  end if;
  while month <= last at time zone 'UTC' loop
    part := 'observation_' || to_char(month, 'YYYYMM');
    if to_regclass('readings.' || part) is null then
      perform pg_advisory_xact_lock(hashtext('monitoring_ready_months'));
      if to_regclass('readings.' || part) is null then
        execute format('create table readings.%%I (like monitoring_observation including defaults including constraints)', part);
        execute format('alter table monitoring_observation attach partition readings.%%I for values from (%%L) to (%%L)',
          part, month::text || '+00', (month + interval '1 month')::text || '+00');
        made := made + 1;
      end if;
    end if;
    month := month + interval '1 month';
  end loop;
  return made;
end $$;
revoke execute on function monitoring_ready_months(timestamptz, timestamptz) from public;
grant execute on function monitoring_ready_months(timestamptz, timestamptz) to telek_app, telek_pump;

select monitoring_ready_months(
  least(now() - interval '1 month', (select min(effective_at) from monitoring_observation_before)),
  greatest(now() + interval '2 months', (select max(effective_at) from monitoring_observation_before)));
insert into monitoring_observation
  (id, created_at, code, value, unit, effective_at, source, status, synthetic, clinic_id, patient_id)
  select id, created_at, code, value, unit, effective_at, source, status, synthetic, clinic_id, patient_id
  from monitoring_observation_before;
set constraints all immediate;
drop table monitoring_observation_before;
create trigger append_only before update or delete on monitoring_observation
  for each row execute function core_refuse_change();
create trigger append_only_all before truncate on monitoring_observation
  for each statement execute function core_refuse_change();
""" % {"clinic": CLINIC}

CLINIC_OF_DEVICE = """
create function monitoring_clinic_of_device(wanted text) returns table (clinic_id uuid)
  language sql stable security definer set search_path = public as $$
  select clinic_id from monitoring_device where token_hash = wanted and revoked_at is null
$$;
revoke execute on function monitoring_clinic_of_device(text) from public;
grant execute on function monitoring_clinic_of_device(text) to telek_app;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_walls'),
        ('alerts', '0002_walls'),
        ('monitoring', '0002_walls'),
        ('patients', '0002_walls'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(database_operations=[migrations.RunSQL(PARTITIONED)], state_operations=[
        migrations.RemoveConstraint(
            model_name='observation',
            name='observation_once',
        ),
        migrations.RemoveIndex(
            model_name='observation',
            name='observation_curve',
        ),
        migrations.AddField(
            model_name='observation',
            name='corrects',
            field=models.UUIDField(null=True),
        ),
        migrations.AddField(
            model_name='observation',
            name='given',
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.AddField(
                    model_name="observation",
                    name="reason",
                    field=models.CharField(blank=True, max_length=200),
                ),
                migrations.AddField(
            model_name='observation',
            name='revision',
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AlterField(
            model_name='observation',
            name='patient',
            field=models.ForeignKey(db_constraint=False, on_delete=django.db.models.deletion.PROTECT, related_name='observations', to='patients.patient'),
        ),
        migrations.AlterField(
            model_name='observation',
            name='status',
            field=models.CharField(choices=[('final', 'final'), ('corrected', 'corrected'), ('entered-in-error', 'entered in error')], default='final', max_length=20),
        ),
        migrations.AddConstraint(
            model_name='observation',
            constraint=models.UniqueConstraint(fields=('clinic', 'patient', 'code', 'effective_at', 'source', 'revision'), name='observation_once'),
        ),
        migrations.AddConstraint(
            model_name='observation',
            constraint=models.UniqueConstraint(condition=models.Q(('corrects__isnull', False)), fields=('clinic', 'corrects', 'effective_at'), name='observation_corrected_once'),
        ),
        ]),
        migrations.CreateModel(
            name='Device',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=models.Func(function='telek_now', output_field=models.DateTimeField()), editable=False)),
                ('identifier', models.CharField(max_length=60)),
                ('label', models.CharField(max_length=80)),
                ('token_hash', models.CharField(max_length=64, unique=True)),
                ('last_seen_at', models.DateTimeField(null=True)),
                ('revoked_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='DeviceWear',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=models.Func(function='telek_now', output_field=models.DateTimeField()), editable=False)),
                ('from_at', models.DateTimeField()),
                ('until_at', models.DateTimeField(null=True)),
            ],
        ),
        migrations.CreateModel(
            name='PatientLimits',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=models.Func(function='telek_now', output_field=models.DateTimeField()), editable=False)),
                ('phase', models.CharField(choices=[('session', 'in the hours after a dose'), ('home', 'at all other times')], max_length=10)),
                ('limits', models.JSONField(default=dict)),
                ('reason', models.CharField(max_length=300)),
            ],
        ),
        migrations.CreateModel(
            name='VitalEpisode',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=models.Func(function='telek_now', output_field=models.DateTimeField()), editable=False)),
                ('vital', models.CharField(max_length=10)),
                ('level', models.CharField(choices=[('P1', 'Act now'), ('P2', 'Today'), ('P3', 'Soon')], max_length=2)),
                ('reasons', models.CharField(max_length=120)),
                ('began_at', models.DateTimeField()),
                ('last_at', models.DateTimeField()),
                ('readings', models.PositiveIntegerField(default=1)),
                ('synthetic', models.BooleanField(default=False)),
            ],
        ),
        migrations.AddField(
            model_name='device',
            name='added_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership'),
        ),
        migrations.AddField(
            model_name='device',
            name='clinic',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic'),
        ),
        migrations.AddField(
            model_name='devicewear',
            name='clinic',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic'),
        ),
        migrations.AddField(
            model_name='devicewear',
            name='device',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='wears', to='monitoring.device'),
        ),
        migrations.AddField(
            model_name='devicewear',
            name='patient',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='device_wears', to='patients.patient'),
        ),
        migrations.AddField(
            model_name='patientlimits',
            name='clinic',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic'),
        ),
        migrations.AddField(
            model_name='patientlimits',
            name='patient',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='vital_limits', to='patients.patient'),
        ),
        migrations.AddField(
            model_name='patientlimits',
            name='set_by',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership'),
        ),
        migrations.AddField(
            model_name='vitalepisode',
            name='alert',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='alerts.alert'),
        ),
        migrations.AddField(
            model_name='vitalepisode',
            name='clinic',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic'),
        ),
        migrations.AddField(
            model_name='vitalepisode',
            name='patient',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='vital_episodes', to='patients.patient'),
        ),
        migrations.AddConstraint(
            model_name='device',
            constraint=models.UniqueConstraint(condition=models.Q(('revoked_at__isnull', True)), fields=('clinic', 'identifier'), name='one_living_device'),
        ),
        migrations.AddConstraint(
            model_name='devicewear',
            constraint=models.UniqueConstraint(condition=models.Q(('until_at__isnull', True)), fields=('clinic', 'device'), name='one_wearer_a_device'),
        ),
        migrations.AddIndex(
            model_name='patientlimits',
            index=models.Index(fields=['clinic', 'patient', 'phase', '-created_at'], name='limits_newest'),
        ),
        migrations.AddIndex(
            model_name='vitalepisode',
            index=models.Index(fields=['clinic', 'patient', 'vital', '-last_at'], name='episode_newest'),
        ),
        migrations.AddConstraint(
            model_name='vitalepisode',
            constraint=models.CheckConstraint(condition=models.Q(('last_at__gte', models.F('began_at'))), name='episode_has_order'),
        ),
        *walls("monitoring_device", links={"added_by_id": "accounts_membership"}),
        *walls("monitoring_devicewear", links={**PATIENT, "device_id": "monitoring_device"}),
        *walls("monitoring_patientlimits", links={**PATIENT, "set_by_id": "accounts_membership"}),
        *append_only("monitoring_patientlimits"),
        *walls("monitoring_vitalepisode", links={**PATIENT, "alert_id": "alerts_alert"}),
        migrations.RunSQL(CLINIC_OF_DEVICE),
    ]
