from __future__ import with_statement

import os

from alembic import context

config = context.config


def get_url():
    user = os.getenv("SHOP_USER", "postgres")
    password = os.getenv("SHOP_WORD", "")
    server = os.getenv("SHOP_SERVER", "db")
    db = os.getenv("SHOP_DB", "app")
    return f"postgresql://{user}:{password}@{server}/{db}"


def run_migrations_online():
    configuration = config.get_section(config.config_ini_section)
    configuration["sqlalchemy.url"] = get_url()
