"""Stock of the materials, its movements, and orders without names: hash, kind of organisation, status, lines."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.create_table(
        "material_stock",
        sa.Column("sku", sa.String(100), nullable=False),
        sa.Column("on_hand", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.Column("low", sa.Integer(), nullable=False),
        sa.CheckConstraint("reserved >= 0 AND reserved <= on_hand", name=op.f("ck_material_stock_promised")),
        sa.PrimaryKeyConstraint("sku", name=op.f("pk_material_stock")),
    )
    op.create_table(
        "material_movements",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("sku", sa.String(100), nullable=False),
        sa.Column("pieces", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_material_movements")),
    )
    op.create_table(
        "material_orders",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("orderer", sa.String(20), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("status", sa.String(10), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_material_orders")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_material_orders_day", "material_orders", ["day"])
    op.create_table(
        "material_order_lines",
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("sku", sa.String(100), nullable=False),
        sa.Column("ordered", sa.Integer(), nullable=False),
        sa.Column("granted", sa.Integer(), nullable=False),
        sa.Column("reserved", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("digest", "sku", name=op.f("pk_material_order_lines")),
        sqlite_with_rowid=False,
    )
