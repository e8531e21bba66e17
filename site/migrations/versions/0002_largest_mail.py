"""How large a mail the server took at the last delivery."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    with op.batch_alter_table("last_delivery") as table:
        table.add_column(sa.Column("largest_mail", sa.BigInteger(), nullable=False, server_default="0"))
