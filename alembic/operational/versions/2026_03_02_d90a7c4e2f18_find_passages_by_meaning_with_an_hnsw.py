"""Find passages by meaning with an HNSW index

Revision ID: d90a7c4e2f18
Revises: 5e8d3b9f07c6
Create Date: 2026-03-02 14:03:00+00:00
"""

from alembic import op

revision = "d90a7c4e2f18"
down_revision = "5e8d3b9f07c6"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.get_context().autocommit_block():
        op.create_index(
            "passages_embedding_idx",
            "passages",
            ["embedding"],
            schema="ops",
            postgresql_using="hnsw",
            postgresql_ops={"embedding": "vector_cosine_ops"},
            postgresql_with={"m": 8, "ef_construction": 32},
            postgresql_concurrently=True,
        )


def downgrade() -> None:
    with op.get_context().autocommit_block():
        op.drop_index("passages_embedding_idx", schema="ops", postgresql_concurrently=True)
