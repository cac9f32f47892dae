"""Jobs in state directories of their own, on live servers."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from jobbing import DESKS, Desk, desk_in, shown
from servers import LiveServer


@pytest.fixture(autouse=True)
def no_file_shows_the_password() -> Iterator[None]:
    """Every address has a password: after each test it stands in no file of a job."""
    DESKS.clear()
    yield
    for place in DESKS:
        assert shown(place) == []


@pytest.fixture
def desk(pg18: LiveServer, tmp_path_factory: pytest.TempPathFactory) -> Desk:
    """A person at a PostgreSQL 18, with a state directory of their own."""
    return desk_in(tmp_path_factory.mktemp("desk"), pg18.dsn())
