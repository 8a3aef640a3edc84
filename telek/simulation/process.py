"""What a new process does before it may load a model: this module is read first, and imports none."""

import django
from django.db import connection


def begin(database: str) -> None:
    """Set Django up on that database."""
    django.setup()
    connection.settings_dict["NAME"] = database
