"""Alembic's entry: runs migrations on the connection that `futtui.storage.database` hands over."""

from alembic import context

from futtui.storage.tables import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
