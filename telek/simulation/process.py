"""What a new process does before it may load a model: this module is read first, and imports none."""

import multiprocessing
import os
import threading
from multiprocessing.connection import wait

import django
from django.db import connection


def begin(database: str) -> None:
    """Set Django up on that database. The process ends when the one that began it does, however that one ends."""
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    django.setup()
    connection.settings_dict["NAME"] = database


def _end_with_the_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
