"""Readings: their bodies and units (pure), how they are stored, judged and shown."""
