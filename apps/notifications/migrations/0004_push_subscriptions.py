import apps.core.ids
from django.db import migrations, models

from apps.core.db.walls import walls

# Claiming is the one move that is made by the thousand, and is always legal: it asks no function.
TRIGGERS = """
drop trigger check_move on notifications_delivery;
create trigger check_move before update on notifications_delivery for each row
  when (new.state <> old.state and not (old.state = 'pending' and new.state = 'leased'))
  execute function notifications_check_move();
create trigger never_deleted before delete on notifications_delivery for each row
  execute function notifications_check_move();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('notifications', '0003_answered_and_scrubbed'),
    ]

    operations = [
        migrations.CreateModel(
            name='PushSubscription',
            fields=[
                ('id', models.UUIDField(default=apps.core.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('created_at', models.DateTimeField(db_default=models.Func(function='telek_now', output_field=models.DateTimeField()), editable=False)),
                ('clinic_id', models.UUIDField()),
                ('user_id', models.UUIDField()),
                ('endpoint', models.CharField(max_length=1000)),
                ('p256dh', models.CharField(max_length=120)),
                ('auth', models.CharField(max_length=60)),
                ('label', models.CharField(max_length=80)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('clinic_id', 'user_id', 'endpoint'), name='push_subscription_once')],
            },
        ),
        # The pump sends to a device, and forgets it when its push service says that it is gone.
        *walls("notifications_pushsubscription", pump="select, delete", deletable=True),
        migrations.RunSQL(TRIGGERS, migrations.RunSQL.noop),
    ]
