"""Alembic runs this: the migrations, over the connection that database.py gives, in its transaction."""

from alembic import context

from sfumato.jobs.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
