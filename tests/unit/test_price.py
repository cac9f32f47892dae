"""What a rewrite costs: room that is known or said to be unknown, and time in bounds."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from pgdeck.core.target import Conninfo
from pgdeck.maintenance.price import disk_words, rough_time
from pgdeck.maintenance.relations import Server

TERA = 10**12


def words(needed: int | None, directory: str | None, **conninfo: str) -> tuple[str, bool]:
    server = Server(
        standby=False, block_size=8192, superuser=True, data_directory=directory, port="5432"
    )
    return asyncio.run(disk_words(needed, server, "", Conninfo(conninfo)))


def test_a_disk_that_is_too_small_is_said(tmp_path: Path) -> None:
    said, tight = words(10**9 * TERA, str(tmp_path), host="/run/postgresql")
    assert "are free" in said
    assert tight
    assert not words(1, str(tmp_path), host="/run/postgresql")[1]


@pytest.mark.parametrize("host", ["db.example.com", "127.0.0.1"])
def test_the_disk_of_another_host_or_of_a_container_is_not_taken_for_this_one(
    tmp_path: Path, host: str
) -> None:
    said, tight = words(10**9 * TERA, str(tmp_path), host=host)
    assert "cannot be seen from here" in said
    assert f"df {tmp_path}" in said
    assert not tight


def test_a_size_that_is_not_known_is_no_size(tmp_path: Path) -> None:
    assert "not known" in words(None, str(tmp_path), host="/run")[0]
    assert "not known" in rough_time(None)


def test_time_is_said_in_bounds() -> None:
    assert rough_time(1000) == "about 1 s"
    assert rough_time(TERA).startswith("about 105 min to 13 h at 20 MB to 150 MB a second")
