"""Invented clinics and believable courses, made through the same actions as real use and marked synthetic."""
