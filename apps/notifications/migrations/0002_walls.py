from django.db import migrations

from apps.core.db.walls import grant_pump, walls


class Migration(migrations.Migration):
    dependencies = [("notifications", "0001_initial"), ("core", "0001_initial")]
    operations = [
        *walls("notifications_delivery", pump="select, insert, update", pump_sees_all=True),
        grant_pump("notifications_demomessage", "select, insert"),
    ]
