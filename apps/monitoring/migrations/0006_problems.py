import apps.core.ids
import django.db.models.deletion
from django.db import migrations, models

from apps.core.db.walls import append_only, walls


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_points_of_phone'),
        ('monitoring', '0005_content_packs'),
        ('patients', '0002_walls'),
    ]

    operations = [
        migrations.CreateModel(
            name='Problem',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=models.Func(function='telek_now', output_field=models.DateTimeField()), editable=False)),
                ('kind', models.PositiveSmallIntegerField()),
                ('severity', models.PositiveSmallIntegerField()),
                ('since', models.DateField()),
                ('text', models.CharField(blank=True, max_length=500)),
                ('reported_at', models.DateTimeField()),
                ('last_reported_at', models.DateTimeField()),
                ('count', models.PositiveIntegerField(default=1)),
                ('source', models.CharField(max_length=20)),
                ('next_look_at', models.DateTimeField(null=True)),
                ('closed_at', models.DateTimeField(null=True)),
                ('outcome', models.CharField(blank=True, choices=[('passed', 'it passed by itself'), ('treated', 'treated'), ('care-changed', 'the care was changed'), ('known', 'known and expected'), ('referred', 'seen by somebody else'), ('mistake', 'reported by mistake')], max_length=20)),
                ('synthetic', models.BooleanField(default=False)),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('closed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('patient', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='problems', to='patients.patient')),
            ],
        ),
        migrations.CreateModel(
            name='ProblemNote',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=models.Func(function='telek_now', output_field=models.DateTimeField()), editable=False)),
                ('text', models.CharField(max_length=500)),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('problem', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notes', to='monitoring.problem')),
            ],
            options={
                'ordering': ['created_at', 'id'],
            },
        ),
        migrations.AddIndex(
            model_name='problem',
            index=models.Index(condition=models.Q(('next_look_at__isnull', False)), fields=['next_look_at'], name='problem_due'),
        ),
        migrations.AddConstraint(
            model_name='problem',
            constraint=models.UniqueConstraint(condition=models.Q(('closed_at__isnull', True)), fields=('clinic', 'patient', 'kind'), name='one_open_problem_a_kind'),
        ),
        migrations.AddConstraint(
            model_name='problem',
            constraint=models.CheckConstraint(condition=models.Q(('severity__gte', 1), ('severity__lte', 3)), name='problem_severity'),
        ),
        migrations.AddConstraint(
            model_name='problem',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('closed_at__isnull', True), ('next_look_at__isnull', False)), models.Q(('closed_at__isnull', False), ('next_look_at__isnull', True)), _connector='OR'), name='open_problem_has_a_timer'),
        ),
        *walls(
            "monitoring_problem",
            links={"patient_id": "patients_patient", "closed_by_id": "accounts_membership"},
            pump="select, update",
            pump_sees_all=True,
        ),
        *walls(
            "monitoring_problemnote",
            links={"problem_id": "monitoring_problem", "author_id": "accounts_membership"},
        ),
        *append_only("monitoring_problemnote"),
    ]
