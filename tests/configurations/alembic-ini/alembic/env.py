from alembic import context
from sqlalchemy import create_engine

config = context.config


def run_migrations_offline():
    url = config.get_main_option("sqlalchemy.url")
    context.configure(url=url, literal_binds=True)


def run_migrations_online():
    connectable = create_engine(config.get_main_option("sqlalchemy.url"))
