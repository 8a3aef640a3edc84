"""The pump reads the plan of a course for the nightly forecasts: the protocol that it follows and its planned days."""

from typing import ClassVar

from django.db import migrations

from apps.core.db.walls import grant_pump


class Migration(migrations.Migration):
    dependencies: ClassVar = [("care_sessions", "0017_calm_cognition_and_video_at_home")]

    operations: ClassVar = [
        grant_pump("care_sessions_protocol", "select"),
        grant_pump("care_sessions_planneddose", "select"),
    ]
