"""A clinic's own rules: pure evaluators over facts. The built-in rules are the floor and are not in here."""
