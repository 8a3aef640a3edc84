from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("outcomes", "0007_the_filter_state_is_kept")]

    operations = [
        migrations.AddField(
            model_name="modelversion",
            name="shapes",
            field=models.PositiveSmallIntegerField(db_default=1, default=1),
        ),
        migrations.AddField(
            model_name="modelversion",
            name="relapse_shift",
            field=models.FloatField(db_default=0.0, default=0.0),
        ),
        migrations.AddField(
            model_name="modelversion",
            name="relapse_slope",
            field=models.FloatField(db_default=1.0, default=1.0),
        ),
    ]
