import os

from alembic import context

config = context.config
url = os.environ.get("SHOP_URL", config.get_main_option("sqlalchemy.url"))
config.set_main_option("sqlalchemy.url", url)
