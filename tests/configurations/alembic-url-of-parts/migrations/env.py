from os import environ

from sqlalchemy import URL, create_engine

url = URL.create(
    "postgresql+psycopg",
    username=environ["SHOP_USER"],
    password=environ.get("SHOP_WORD"),
    host="localhost",
    port=5439,
    database="shop",
)
engine = create_engine(url)
