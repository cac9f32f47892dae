"""Jobs in state directories of their own, on live servers."""

from __future__ import annotations

import pytest

from jobbing import Desk, desk_in
from servers import LiveServer


@pytest.fixture
def desk(pg18: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A person at a PostgreSQL 18, with a state directory of their own."""
    return desk_in(tmp_path_factory.mktemp("desk"), pg18.dsn())
