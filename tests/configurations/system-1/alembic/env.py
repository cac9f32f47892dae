from alembic import context
from letta.config import LettaConfig
from letta.settings import DatabaseChoice, settings

config = context.config

if settings.database_engine is DatabaseChoice.POSTGRES:
    config.set_main_option("sqlalchemy.url", settings.letta_pg_uri)
else:
    path = LettaConfig.load().recall_storage_path
    config.set_main_option("sqlalchemy.url", f"sqlite:///{path}/sqlite.db")
