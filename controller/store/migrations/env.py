"""Alembic runs this: migrate the engine that `controller.store.schema` hands over."""

from alembic import context

from controller.store.tables import Table

with context.config.attributes["engine"].connect() as connection:
    context.configure(
        connection=connection, target_metadata=Table.metadata, render_as_batch=True, transactional_ddl=True
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
