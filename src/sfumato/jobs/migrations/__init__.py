"""How the tables came to be, one file a change; Alembic applies what is missing when a database is opened."""
