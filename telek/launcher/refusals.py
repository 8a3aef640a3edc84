"""What the launcher says when it cannot go on."""


class LaunchRefused(Exception):
    """One clear sentence for the person at the keyboard, with the remedy in it."""
