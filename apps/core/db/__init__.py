"""Database engine that tells PostgreSQL, at the start of each transaction, whose rows may be seen."""
