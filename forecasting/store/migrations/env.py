"""How alembic reaches the database: by the connection, and in the transaction, of whoever runs it."""

from alembic import context

from forecasting.store import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=context.config.attributes["version_table"],
    compare_server_default=True,
)
context.run_migrations()
