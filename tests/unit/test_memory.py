"""Orders survive a session; a broken file costs nothing but the memory."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from pgdeck.tui.memory import Memory, Order


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path / "pgdeck" / "tables.json"


def test_an_order_is_recalled_in_the_next_session(state: Path) -> None:
    order = Order("dead", True, ("bloat",), ("relation", "dead"), ("schema",), "dead>10%")
    Memory.open().keep("shop", "tables", order)
    assert Memory.open().recall("shop", "tables") == order
    assert Memory.open().recall("other", "tables") is None
    assert stat.S_IMODE(state.stat().st_mode) == 0o600


def test_what_an_older_version_kept_still_counts(state: Path) -> None:
    state.parent.mkdir(parents=True)
    state.write_text('{"shop/tables": ["dead", true, ["bloat"], []]}')
    assert Memory.open().recall("shop", "tables") == Order("dead", True, ("bloat",))


def test_two_dashboards_keep_what_each_of_them_chose(state: Path) -> None:
    one, other = Memory.open(), Memory.open()
    one.keep("shop", "tables", Order("size"))
    other.keep("shop", "locks", Order("mode"))
    one.keep("shop", "activity", Order("pid"))
    assert set(Memory.open().orders) == {"shop/tables", "shop/locks", "shop/activity"}
    assert state.exists()


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"a": 1}', '{"a": [1, 2]}', '{"a": [null, 0, 1, 2]}']
)
def test_a_broken_file_is_an_empty_memory(state: Path, text: str) -> None:
    state.parent.mkdir(parents=True)
    state.write_text(text)
    memory = Memory.open()
    assert memory.recall("a", "b") is None
    memory.keep("shop", "tables", Order("size"))
    assert Memory.open().recall("shop", "tables") == Order("size")


def test_only_so_many_are_kept(state: Path) -> None:
    memory = Memory.open()
    for number in range(250):
        memory.keep("shop", f"table{number}", Order("size"))
    assert len(Memory.open().orders) == 200
    assert state.exists()


def test_without_a_home_it_remembers_for_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/nowhere")
    memory = Memory.open()
    memory.keep("shop", "tables", Order("size"))
    assert memory.recall("shop", "tables") == Order("size")
