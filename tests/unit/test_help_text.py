"""Help in a terminal of eighty columns, and in a wider one."""

from __future__ import annotations

import pytest

from pgdeck.cli.helptext import fitted
from pgdeck.cli.parser import DESCRIPTION, PARSERS

TEXT = """\
A sentence that is as long as it was written, and one more after it.
It goes on.

list:
  first [X]     what the first one does when nobody looks
  other [LONG] what the other one does when nobody looks
  0 done   1 failed   2 wrong usage   3 refused
"""


def test_what_fits_stays_as_it_was_written() -> None:
    assert "\n".join(fitted(TEXT, 100)).rstrip("\n") == TEXT.rstrip("\n")


def test_a_list_keeps_its_columns_and_its_items_whole() -> None:
    assert list(fitted(TEXT, 36)) == [
        "A sentence that is as long as it was",
        "written, and one more after it. It",
        "goes on.",
        "",
        "list:",
        "  first [X]     what the first one",
        "                does when nobody",
        "                looks",
        "  other [LONG] what the other one",
        "               does when nobody",
        "               looks",
        "  0 done   1 failed   2 wrong usage",
        "  3 refused",
        "",
    ]


@pytest.mark.parametrize("command", sorted(PARSERS))
def test_help_fits_into_eighty_columns(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    said = PARSERS[command]().format_help()
    broad = [line for line in said.splitlines() if len(line) > 80 and "  pgdeck " not in line]
    assert not broad
    assert command != "dash" or said.splitlines()[3] == DESCRIPTION.splitlines()[0]
