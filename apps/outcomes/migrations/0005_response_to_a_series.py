from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [("outcomes", "0004_owners_functions_look_nowhere_else")]

    operations = [
        migrations.AddField(model_name="forecast", name="response", field=models.FloatField(null=True)),
        migrations.AddField(model_name="forecast", name="response_on", field=models.DateField(null=True)),
    ]
