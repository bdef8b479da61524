"""People sign in to the console (passwords, one-time codes, sessions), settle what is in quarantine, and are told of alerts."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SETTLED = (
    ("settled_at", sa.DateTime()),
    ("settled_by", sa.String()),
    ("settled_how", sa.String()),
    ("settled_why", sa.String()),
)


def upgrade() -> None:
    """Bring the schema forward."""
    op.add_column("user", sa.Column("password_hash", sa.String(), nullable=True))
    for name, kind in SETTLED:
        op.add_column("quarantine", sa.Column(name, kind, nullable=True))
    op.create_index("ix_quarantine_settled", "quarantine", ["settled_at"])
    op.create_table(
        "signincode",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("used_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user"], ["user.name"], name=op.f("fk_signincode_user_user"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_signincode")),
    )
    op.create_index(op.f("ix_signincode_user"), "signincode", ["user"])
    op.create_table(
        "signin",
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("user", sa.String(), nullable=False),
        sa.Column("how", sa.String(), nullable=False),
        sa.Column("token", sa.String(), nullable=True),
        sa.Column("made_at", sa.DateTime(), nullable=False),
        sa.Column("expires_at", sa.DateTime(), nullable=False),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["user"], ["user.name"], name=op.f("fk_signin_user_user"), initially="DEFERRED", deferrable=True
        ),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_signin")),
    )
    op.create_index(op.f("ix_signin_user"), "signin", ["user"])
    op.create_table(
        "alert",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.Column("since", sa.DateTime(), nullable=True),
        sa.Column("seen_at", sa.DateTime(), nullable=False),
        sa.Column("times_sent", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.DateTime(), nullable=True),
        sa.Column("gone_at", sa.DateTime(), nullable=True),
        sa.Column("ended_at", sa.DateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alert")),
    )
    op.create_index(op.f("ix_alert_key"), "alert", ["key"])
    op.create_index(op.f("ix_alert_ended_at"), "alert", ["ended_at"])
