from django.db import migrations

from apps.core.db.walls import grant_pump


class Migration(migrations.Migration):
    """The pump takes away the contact point of a browser that its push service no longer knows."""

    dependencies = [("accounts", "0003_points_of_phone")]
    operations = [grant_pump("accounts_contactpoint", "delete")]
