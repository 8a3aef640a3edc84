from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("outcomes", "0002_plans_reviews_and_own_models")]

    operations = [
        migrations.AddField(model_name="forecastclock", name="refit_at", field=models.DateTimeField(null=True)),
    ]
