"""Who knows of what: kept until its end, by many hands, and never lost in silence."""

from __future__ import annotations

import json
import os
import resource
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from pgdeck.checks.pardons import FilePardons
from pgdeck.core.check import Pardon, PardonKind
from pgdeck.errors import Problem

NOW = datetime.now(UTC)


def pardon(rule: str, subject: str = "", *, hours: float | None = 2, by: str = "ada") -> Pardon:
    until = None if hours is None else NOW + timedelta(hours=hours)
    kind = PardonKind.SILENCED if hours else PardonKind.ACKNOWLEDGED
    return Pardon(kind, rule, subject, by, 'because "so" it is\n', NOW, until)


def test_what_is_kept_is_read_by_another(tmp_path: Path) -> None:
    mine, yours = (FilePardons("7f3a91", tmp_path) for _ in range(2))
    assert mine.current(NOW) == ()
    mine.add(pardon("lock_wait", "a"))
    yours.add(pardon("lock_wait", hours=None))
    assert set(mine.current(NOW)) == {pardon("lock_wait", "a"), pardon("lock_wait", hours=None)}
    assert FilePardons("other1", tmp_path).current(NOW) == ()
    assert (tmp_path / "7f3a91.json").stat().st_mode & 0o777 == 0o600


def test_the_newer_word_counts_and_can_be_taken_back(tmp_path: Path) -> None:
    pardons = FilePardons("7f3a91", tmp_path)
    pardons.add(pardon("lock_wait"))
    pardons.add(pardon("lock_wait", by="eva"))
    assert [each.by for each in pardons.current(NOW)] == ["eva"]
    assert not pardons.remove("lock_wait", "a")
    assert pardons.remove("lock_wait", "")
    assert not pardons.remove("lock_wait", "")
    assert pardons.current(NOW) == ()


def test_a_silence_ends(tmp_path: Path) -> None:
    pardons = FilePardons("7f3a91", tmp_path)
    pardons.add(pardon("lock_wait", hours=1))
    assert pardons.current(NOW + timedelta(minutes=59))
    assert not pardons.current(NOW + timedelta(hours=1))


def test_those_who_write_at_once_all_get_their_word_in(tmp_path: Path) -> None:
    def write(number: int) -> None:
        FilePardons("7f3a91", tmp_path).add(pardon("lock_wait", f"subject {number}"))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(FilePardons("7f3a91", tmp_path).current(NOW)) == 8
    assert {path.name for path in tmp_path.iterdir()} == {"7f3a91.json", "7f3a91.lock"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{",
        '{"format": 2, "pardons": []}',
        '{"format": 1}',
        '{"format": 1, "pardons": [{"kind": "forgiven"}]}',
    ],
)
def test_a_broken_file_is_said_and_kept(tmp_path: Path, text: str) -> None:
    path = tmp_path / "7f3a91.json"
    path.write_text(text)
    pardons = FilePardons("7f3a91", tmp_path)
    with pytest.raises(Problem, match=r"7f3a91\.json"):
        pardons.current(NOW)
    with pytest.raises(Problem):
        pardons.add(pardon("lock_wait"))
    assert path.read_text() == text


def test_a_directory_that_refuses_is_said(tmp_path: Path) -> None:
    (tmp_path / "place").write_text("a file where the directory should be")
    with pytest.raises(Problem, match="place"):
        FilePardons("7f3a91", tmp_path / "place").add(pardon("lock_wait"))


def test_times_are_utc_in_the_file(tmp_path: Path) -> None:
    FilePardons("7f3a91", tmp_path).add(pardon("lock_wait"))
    (kept,) = json.loads((tmp_path / "7f3a91.json").read_text())["pardons"]
    assert kept["since"] == NOW.isoformat()
    assert kept["since"].endswith("+00:00")


def test_what_others_may_write_is_not_believed(tmp_path: Path) -> None:
    pardons = FilePardons("7f3a91", tmp_path)
    pardons.add(pardon("lock_wait"))
    path = tmp_path / "7f3a91.json"
    path.chmod(0o620)
    with pytest.raises(Problem, match="group or others may write") as refused:
        pardons.current(NOW)
    assert refused.value.hint == f"chmod go-w {path}"
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(Problem, match="not a regular file"):
        pardons.current(NOW)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_what_another_user_wrote_is_not_believed(tmp_path: Path) -> None:
    pardons = FilePardons("7f3a91", tmp_path)
    pardons.add(pardon("lock_wait"))
    os.chown(tmp_path / "7f3a91.json", 12345, 12345)
    with pytest.raises(Problem, match="another user"):
        pardons.current(NOW)


def test_a_full_disk_is_said_and_what_was_kept_stays(tmp_path: Path) -> None:
    pardons = FilePardons("7f3a91", tmp_path)
    pardons.add(pardon("lock_wait"))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64, before[1]))
    try:
        with pytest.raises(Problem, match=r"7f3a91\.json"):
            pardons.add(pardon("bloat"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert [each.rule for each in pardons.current(NOW)] == ["lock_wait"]
    assert {each.suffix for each in tmp_path.iterdir()} == {".json", ".lock"}
