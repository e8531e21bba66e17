"""How often each answer to the feedback forms was given on a day, and which pages were counted."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.create_table(
        "feedback_counts",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("question", sa.String(255), nullable=False),
        sa.Column("answer", sa.String(40), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", "question", "answer", name=op.f("pk_feedback_counts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "feedback_taken",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_feedback_taken")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_feedback_taken_day", "feedback_taken", ["day"])
