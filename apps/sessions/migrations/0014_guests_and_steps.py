import apps.core.ids
import django.db.models.deletion
from django.db import migrations, models

from apps.core.db.walls import walls

CLINIC_OF_GUEST = """
create function care_sessions_clinic_of_guest(wanted text) returns table (clinic_id uuid)
  language sql stable security definer set search_path = public as $$
  select clinic_id from care_sessions_visitguest where token_hash = wanted
$$;
revoke execute on function care_sessions_clinic_of_guest(text) from public;
grant execute on function care_sessions_clinic_of_guest(text) to telek_app;
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_pump_forgets_devices'),
        ('care_sessions', '0013_take_home'),
    ]

    operations = [
        migrations.AlterField(
            model_name='visitevent',
            name='kind',
            field=models.CharField(choices=[('booked', 'booked'), ('moved', 'moved'), ('device-check', 'devices checked'), ('arrived', 'in the waiting room'), ('delayed', 'told of a delay'), ('phone-asked', 'asked for a phone call instead'), ('by-phone', 'held by phone'), ('taken-over', 'taken over'), ('admitted', 'admitted'), ('joined', 'joined'), ('rejoined', 'joined again'), ('dropped', 'connection lost'), ('lowered', 'picture lowered, network'), ('raised', 'picture raised again'), ('no-way', 'no connection, phone offered'), ('left', 'left'), ('ended', 'visit ended'), ('shown', 'shown to both'), ('form-ordered', 'form ordered'), ('guest-invited', 'guest invited'), ('guest-agreed', 'agreed to the guest'), ('guest-asked', 'guest asks in'), ('guest-admitted', 'guest admitted'), ('guest-joined', 'guest in the call'), ('guest-left', 'guest left'), ('guest-removed', 'guest removed'), ('rated', 'picture and sound rated'), ('cancelled', 'cancelled')], max_length=30),
        ),
        migrations.CreateModel(
            name='VisitGuest',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=models.Func(function='telek_now', output_field=models.DateTimeField()), editable=False)),
                ('name', models.CharField(max_length=80)),
                ('role', models.CharField(choices=[('interpreter', 'interpreter'), ('family', 'family'), ('captioner', 'captioner')], max_length=12)),
                ('token_hash', models.CharField(max_length=64, unique=True)),
                ('expires_at', models.DateTimeField()),
                ('agreed_at', models.DateTimeField(null=True)),
                ('asked_at', models.DateTimeField(null=True)),
                ('browser', models.UUIDField(null=True)),
                ('admitted_at', models.DateTimeField(null=True)),
                ('token', models.UUIDField(null=True)),
                ('seen_at', models.DateTimeField(null=True)),
                ('ended_at', models.DateTimeField(null=True)),
                ('clinic', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.clinic')),
                ('invited_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.membership')),
                ('visit', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='guests', to='care_sessions.visit')),
            ],
            options={
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at__isnull', True)), fields=('clinic', 'visit'), name='one_guest_at_a_time'), models.CheckConstraint(condition=models.Q(('admitted_at__isnull', True), models.Q(('agreed_at__isnull', False), ('asked_at__isnull', False), ('browser__isnull', False)), _connector='OR'), name='guest_admitted_with_consent')],
            },
        ),
    *walls(
            "care_sessions_visitguest",
            links={"visit_id": "care_sessions_visit", "invited_by_id": "accounts_membership"},
        ),
        migrations.RunSQL(CLINIC_OF_GUEST, "drop function care_sessions_clinic_of_guest(text)"),
    ]
