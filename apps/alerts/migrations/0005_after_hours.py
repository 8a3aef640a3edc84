from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('alerts', '0004_rules'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='escalationpolicy',
            name='one_policy_a_level',
        ),
        migrations.AddField(
            model_name='escalationpolicy',
            name='hours',
            field=models.CharField(choices=[('always', 'always, or while the desk is open'), ('after-hours', 'while the desk is closed')], default='always', max_length=12, verbose_name='when'),
        ),
        migrations.AddConstraint(
            model_name='escalationpolicy',
            constraint=models.UniqueConstraint(fields=('clinic', 'level', 'hours'), name='one_policy_a_level_and_time'),
        ),
    ]
