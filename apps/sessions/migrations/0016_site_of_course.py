from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("care_sessions", "0015_staff_hours")]

    operations = [
        migrations.AddField(
            model_name="course",
            name="site",
            field=models.CharField(blank=True, db_default="", max_length=60),
        ),
    ]
