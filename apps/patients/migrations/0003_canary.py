from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("patients", "0002_walls")]

    operations = [
        migrations.AddField(
            model_name="patient",
            name="is_canary",
            field=models.BooleanField(db_default=False, default=False, editable=False),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.UniqueConstraint(
                condition=models.Q(("is_canary", True)), fields=("clinic",), name="one_canary_a_clinic"
            ),
        ),
        migrations.AddConstraint(
            model_name="patient",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("is_canary", False), models.Q(("status", "discharged"), ("synthetic", True)), _connector="OR"
                ),
                name="canary_is_nobody",
            ),
        ),
    ]
