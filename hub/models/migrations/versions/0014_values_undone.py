"""Several values of a field can be undone, each by a change of its own"""

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_KEY = ["system", "object", "subject", "field"]


def upgrade() -> None:
    with op.batch_alter_table("ops_undone") as batch:
        batch.drop_constraint("pk_ops_undone", type_="primary")
        batch.create_primary_key("pk_ops_undone", [*_KEY, "change"])
