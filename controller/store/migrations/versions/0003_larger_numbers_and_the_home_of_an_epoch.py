"""Numbers beyond 32 bits, and where an epoch was begun."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

LARGER = (
    ("campaign", "attempts_from"),
    ("epoch", "number"),
    ("instrument", "seq"),
    ("instrument", "wanted_number"),
    ("attempt", "said_seq"),
)


def upgrade() -> None:
    """Bring the schema forward. An epoch of earlier on PostgreSQL has no home: see `restore --in-place`."""
    connection = op.get_bind()
    if "home" not in {column["name"] for column in sa.inspect(connection).get_columns("epoch")}:
        op.add_column("epoch", sa.Column("home", sa.String(), nullable=True))
    if connection.dialect.name != "sqlite":  # whose integers have 64 bits in any case
        for table, column in LARGER:
            op.alter_column(table, column, type_=sa.BigInteger())
