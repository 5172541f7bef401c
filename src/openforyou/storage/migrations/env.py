"""Runs a migration on the connection that `Database.migrate` hands over."""

from alembic import context

from openforyou.storage.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    compare_type=True,
    compare_server_default=False,
)
with context.begin_transaction():
    context.run_migrations()
