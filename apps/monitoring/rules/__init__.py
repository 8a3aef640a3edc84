"""A clinic's own rules over what monitoring knows: facts, live, and on the past."""
