from alembic import context
from app.core.config import settings


def get_url():
    return str(settings.SQLALCHEMY_DATABASE_URI)


context.configure(url=get_url())
