"""Runs the migrations on the database that `ihmiskauppa migrate` or `alembic -x url=…` names."""

from alembic import context

from ihmiskauppa import database
from ihmiskauppa.feedback import counts
from ihmiskauppa.intake import outbox, receipts
from ihmiskauppa.materials import orders, stock

TABLES = (
    *(outbox.OutboxRow, outbox.LastDelivery, receipts.ReceiptRow, counts.CountRow, counts.TakenRow),
    *(stock.StockRow, stock.MovementRow, orders.OrderRow, orders.LineRow),
)

url = context.config.attributes.get("url") or context.get_x_argument(as_dictionary=True)["url"]
engine = database.connect(url)
with engine.connect() as connection:
    context.configure(connection=connection, target_metadata=database.Base.metadata, render_as_batch=True)
    with context.begin_transaction():
        context.run_migrations()
engine.dispose()
