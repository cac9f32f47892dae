import os
from os import getenv

from alembic import context

raise SystemExit("env.py was run")

USER = os.getenv("SHOP_USER", "app")
HOST = os.environ.get("SHOP_HOST") or "localhost"
url = f"postgresql://{USER}:{getenv('SHOP_PASS')}@{HOST}:" + getenv("SHOP_PORT", "5432") + "/shop"
context.config.set_main_option("sqlalchemy.url", url)
