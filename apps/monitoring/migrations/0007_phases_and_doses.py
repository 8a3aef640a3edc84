import django.db.models.deletion
from django.db import migrations, models

import apps.core.ids
from apps.core.db.walls import walls


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_points_of_phone'),
        ('monitoring', '0006_problems'),
        ('patients', '0002_walls'),
    ]

    operations = [
        migrations.AddField(
            model_name='assignment',
            name='every',
            field=models.PositiveSmallIntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name='assignment',
            name='offsets',
            field=models.JSONField(blank=True, db_default=models.Value([], models.JSONField()), default=list),
        ),
        migrations.AddField(
            model_name='assignment',
            name='phase',
            field=models.CharField(blank=True, choices=[('baseline', 'Baseline'), ('induction', 'Induction'), ('maintenance', 'Maintenance'), ('follow-up', 'Follow-up')], db_default='', max_length=12),
        ),
        migrations.AddField(
            model_name='slot',
            name='left_out',
            field=models.CharField(blank=True, choices=[('budget', 'over the weekly number of questions'), ('merged', 'its questions stand in another form'), ('plan', 'the schedule or the dose has changed')], db_default='', max_length=8),
        ),
        migrations.AlterField(
            model_name='assignment',
            name='rhythm',
            field=models.CharField(choices=[('daily', 'every day'), ('weekly', 'every week'), ('once', 'once'), ('anchored', 'after each dose'), ('follow-on', 'after an answer'), ('staff', 'by staff')], max_length=10),
        ),
        migrations.CreateModel(
            name='Holiday',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=models.Func(function='telek_now', output_field=models.DateTimeField()), editable=False)),
                ('day', models.DateField(verbose_name='day')),
                ('name', models.CharField(max_length=80, verbose_name='name')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
            ],
            options={
                'verbose_name': 'holiday',
                'verbose_name_plural': 'holidays',
                'ordering': ('day',),
                'constraints': [models.UniqueConstraint(fields=('clinic', 'day'), name='holiday_once')],
            },
        ),
        migrations.CreateModel(
            name='ScheduleLine',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=models.Func(function='telek_now', output_field=models.DateTimeField()), editable=False)),
                ('phase', models.CharField(choices=[('baseline', 'Baseline'), ('induction', 'Induction'), ('maintenance', 'Maintenance'), ('follow-up', 'Follow-up')], max_length=12, verbose_name='phase')),
                ('key', models.CharField(max_length=40, verbose_name='instrument')),
                ('rhythm', models.CharField(choices=[('daily', 'every day'), ('weekly', 'every week'), ('once', 'once'), ('anchored', 'after each dose')], max_length=10, verbose_name='rhythm')),
                ('every', models.PositiveSmallIntegerField(default=1, verbose_name='every')),
                ('offsets', models.JSONField(blank=True, default=list, verbose_name='minutes after a dose')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
            ],
            options={
                'verbose_name': 'schedule line',
                'verbose_name_plural': 'schedule lines',
                'ordering': ('phase', 'key'),
                'constraints': [models.UniqueConstraint(fields=('clinic', 'phase', 'key'), name='line_once')],
            },
        ),
        migrations.CreateModel(
            name='TreatmentPhase',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=models.Func(function='telek_now', output_field=models.DateTimeField()), editable=False)),
                ('phase', models.CharField(choices=[('baseline', 'Baseline'), ('induction', 'Induction'), ('maintenance', 'Maintenance'), ('follow-up', 'Follow-up')], max_length=12)),
                ('started_at', models.DateTimeField()),
                ('ended_at', models.DateTimeField(null=True)),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='phases', to='patients.patient')),
                ('started_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('clinic', 'patient'), name='one_phase_at_a_time')],
            },
        ),
        *walls("monitoring_holiday", pump="select", deletable=True),
        *walls("monitoring_scheduleline", deletable=True),
        *walls(
            "monitoring_treatmentphase",
            links={"patient_id": "patients_patient", "started_by_id": "accounts_membership"},
        ),
    ]
