"""Where an analysed value comes from."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Bring the schema forward."""
    op.add_column("measurement", sa.Column("made_from", sa.JSON(), nullable=True))
