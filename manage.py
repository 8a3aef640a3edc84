#!/usr/bin/env python
"""Django's command line for Telek."""

import os
import sys


def main() -> None:
    """Run the command; `migrate` and friends work as the owner of the tables."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "telek.settings")
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
