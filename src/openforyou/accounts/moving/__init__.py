"""Once, after the migration to sealed accounts: what lay open is sealed, and the tables it waited in are dropped."""
