"""The past of a database: growth within one epoch, over many runs, whatever the disk does."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pgdeck.checks.samples import FileSamples
from pgdeck.core.samples import Growth

NOW = datetime.now(UTC) - timedelta(hours=3)


def opened(directory: Path, fingerprint: str = "7f3a91") -> FileSamples:
    samples = FileSamples(directory)
    samples.bind(fingerprint)
    return samples


def put(samples: FileSamples, minute: float, value: float, epoch: str = "a") -> None:
    samples.put(NOW + timedelta(minutes=minute), epoch, {"deadlocks": value})


def test_growth_reaches_over_runs(tmp_path: Path) -> None:
    for minute in range(3):
        put(opened(tmp_path), minute, 10.0 * minute)
    samples = opened(tmp_path)
    put(samples, 2.5, 21.0)
    assert samples.growth("deadlocks", 3600) == Growth(21.0, 150.0)
    assert opened(tmp_path).growth("deadlocks", 3600) == Growth(20.0, 120.0)
    assert opened(tmp_path, "other1").growth("deadlocks", 3600) is None
    assert (tmp_path / "7f3a91.json").stat().st_mode & 0o777 == 0o600


def test_growth_looks_no_further_back_than_asked(tmp_path: Path) -> None:
    samples = opened(tmp_path)
    for minute in range(130):
        put(samples, minute, float(minute))
    assert samples.growth("deadlocks", 3600) == Growth(60.0, 3600.0)
    points = samples.points("deadlocks", 86400)
    assert len(points) == 122
    assert points[-1] == (NOW + timedelta(minutes=129), 129.0)


@pytest.mark.parametrize(
    ("values", "grown"),
    [
        ([(0, 5, "a")], None),
        ([(0, 5, "a"), (1, 7, "b")], None),
        ([(0, 5, "a"), (1, 7, "b"), (2, 9, "b")], Growth(2.0, 60.0)),
        # Without a word of it the counter fell.
        ([(0, 500, "a"), (1, 3, "a"), (2, 4, "a")], Growth(1.0, 60.0)),
        ([(0, 5, "a"), (0.1, 6, "a"), (0.2, 8, "a")], Growth(3.0, 12.0)),
        # The clock was set back, by a little and by much.
        ([(0, 5, "a"), (2, 6, "a"), (1.5, 7, "a"), (3, 8, "a")], Growth(3.0, 180.0)),
        ([(0, 1, "a"), (5, 5, "a"), (1, 6, "a")], None),
        ([(0, 1, "a"), (5, 5, "a"), (1, 6, "a"), (2, 8, "a")], Growth(2.0, 60.0)),
    ],
)
def test_growth_never_reaches_over_a_reset(
    tmp_path: Path, values: list[tuple[float, float, str]], grown: Growth | None
) -> None:
    samples = opened(tmp_path)
    for minute, value, epoch in values:
        put(samples, minute, value, epoch)
    found = samples.growth("deadlocks", 3600)
    assert (found is None) is (grown is None)
    if found is not None and grown is not None:
        assert (found.amount, found.seconds) == pytest.approx((grown.amount, grown.seconds))


def test_a_server_whose_clock_is_ahead_has_its_past(tmp_path: Path) -> None:
    for minute in (600, 601):
        put(opened(tmp_path), minute, float(minute))
    assert opened(tmp_path).growth("deadlocks", 3600) == Growth(1.0, 60.0)


def test_growth_per_hour() -> None:
    assert Growth(3.0, 1800.0).per(3600) == 6.0


def test_since_when_a_number_stays(tmp_path: Path) -> None:
    samples = opened(tmp_path)
    assert samples.unchanged_since("deadlocks") is None
    for minute, value in [(0, 1), (1, 2), (2, 2), (170, 2)]:
        put(samples, minute, value)
    assert opened(tmp_path).unchanged_since("deadlocks") == NOW + timedelta(minutes=1)


def test_a_minute_keeps_one_sample(tmp_path: Path) -> None:
    samples = opened(tmp_path)
    for second in range(0, 120, 4):
        put(samples, second / 60, second)
    assert len(samples.points("deadlocks", 7200)) == 3


def test_two_who_watch_share_their_past(tmp_path: Path) -> None:
    one, two = opened(tmp_path), opened(tmp_path)
    put(one, 0, 1)
    put(two, 1, 2)
    put(one, 2, 3)
    assert one.growth("deadlocks", 3600) == Growth(2.0, 120.0)
    assert opened(tmp_path).growth("deadlocks", 3600) == Growth(2.0, 120.0)


LATER_THAN_ANY_DATE = '{"since": 0, "last": [1e300, 1, ""], "marks": []}'
NO_NUMBER = '{"since": 0, "last": [1, NaN, ""], "marks": []}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"format": 1, "numbers": {"x": 3}}',
        f'{{"format": 1, "numbers": {{"deadlocks": {LATER_THAN_ANY_DATE}}}}}',
        f'{{"format": 1, "numbers": {{"deadlocks": {NO_NUMBER}}}}}',
    ],
)
def test_a_broken_file_costs_only_the_past(tmp_path: Path, text: str) -> None:
    (tmp_path / "7f3a91.json").write_text(text)
    samples = opened(tmp_path)
    put(samples, 0, 1)
    put(samples, 1, 2)
    assert samples.growth("deadlocks", 3600) == Growth(1.0, 60.0)
    assert opened(tmp_path).growth("deadlocks", 3600) == Growth(1.0, 60.0)


def test_a_disk_that_refuses_costs_only_the_past(tmp_path: Path) -> None:
    (tmp_path / "place").write_text("a file where the directory should be")
    samples = opened(tmp_path / "place")
    put(samples, 0, 1)
    put(samples, 1, 2)
    assert samples.growth("deadlocks", 3600) == Growth(1.0, 60.0)


def test_what_is_no_file_keeps_nobody_waiting(tmp_path: Path) -> None:
    for name in ("7f3a91.json", "7f3a91.lock"):
        os.mkfifo(tmp_path / name)
    samples = opened(tmp_path)
    put(samples, 0, 1)
    put(samples, 1, 2)
    assert samples.growth("deadlocks", 3600) == Growth(1.0, 60.0)


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    place = tmp_path / "samples"
    place.mkdir()
    (place / "7f3a91.lock").symlink_to(elsewhere)
    put(opened(place), 0, 1)
    assert not elsewhere.exists()
    (place / "7f3a91.lock").unlink()
    elsewhere.write_text("mine")
    (place / "7f3a91.json").symlink_to(elsewhere)
    put(opened(place), 0, 1)
    assert elsewhere.read_text() == "mine"
    assert not (place / "7f3a91.json").is_symlink()


def test_the_past_of_what_nobody_judges_goes(tmp_path: Path) -> None:
    old, young = time.time() - 31 * 86_400, time.time() - 29 * 86_400
    kept = {
        ".gone.json.77.abc": old,
        "gone.json": old,
        "orphan.lock": old,
        "held.lock": old,
        "held.json": young,
        "7f3a91.lock": old,
        "7f3a91.json": old,
    }
    for name, touched in kept.items():
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (touched, touched))
    opened(tmp_path)
    left = {each.name for each in tmp_path.iterdir()}
    assert left == {"held.lock", "held.json", "7f3a91.lock", "7f3a91.json"}


def test_before_the_database_is_named_the_past_is_kept_in_memory(tmp_path: Path) -> None:
    samples = FileSamples(tmp_path)
    put(samples, 0, 1)
    samples.bind("7f3a91")
    put(samples, 1, 2)
    assert samples.growth("deadlocks", 3600) == Growth(1.0, 60.0)
    samples.bind("other1")
    assert samples.growth("deadlocks", 3600) is None
