"""SQL read just far enough to know that it is one statement, and to send it without its comments.

Strings, quoted names and dollar quotes are left alone; blanks outside of them are folded.
"""

from __future__ import annotations

import re


class StatementError(ValueError):
    """A text that is not one statement: `line` counts from 1."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


_TOKEN = re.compile(
    r"""(?P<blank>\s+ | --[^\n]*)
    | (?P<block>/\*)
    | (?P<string>[eE]'(?:[^'\\]|\\.|'')*' | '(?:[^']|'')*' | "(?:[^"]|"")*")
    | (?P<dollar>\$(?:[^\W\d]\w*)?\$)
    | (?P<parameter>\$\d+)
    | (?P<plain>(?:(?![eE]')(?:\w[\w$]*|[^\s\w'"$;/\\-])(?:[ ](?=[^\s/;-]))?)+)
    | (?P<word>\w[\w$]*)
    | (?P<end>;)
    | (?P<odd>['"\\])
    | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_ODD = {"'": "a string has no end", '"': "a quoted name has no end", "\\": "a psql command"}
_COMMENT_EDGE = re.compile(r"/\*|\*/")


def opening_comment(text: str) -> tuple[str, int] | None:
    """Return what the block comment at the very beginning holds, and where the text goes on.

    None when the text begins with something else.  Raises `StatementError` for a comment that
    holds another one or has no end.
    """
    start = len(text) - len(text.lstrip("\ufeff \t\r\n"))
    if not text.startswith("/*", start):
        return None
    end = _comment_end(text, start)
    inner = text.find("/*", start + 2, end)
    if inner >= 0:
        raise StatementError(_line(text, inner), "the header holds the beginning of a comment (/*)")
    return text[start + 2 : end - 2], end


def one_statement(text: str, *, parameters: int = 0) -> str:
    """Return the one statement of a text without comments, needless blanks and the last `;`.

    It may use the parameters ``$1`` up to `parameters`.  Raises `StatementError`.
    """
    parts: list[str] = []
    ended = False
    at = 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        assert found is not None  # the last alternative takes any character
        kind, token, start = found.lastgroup, found.group(), at
        at = found.end()
        if kind == "block":
            at, kind, token = _comment_end(text, start), "blank", text[start:at]
        if kind == "blank":
            _fold(parts, text[start:at])
            continue
        if ended:
            raise StatementError(_line(text, start), "a second statement")
        if kind == "end":
            ended = True
            continue
        if kind == "dollar":
            at = _dollar_end(text, token, start)
            token = text[start:at]
        elif kind == "odd":
            raise StatementError(_line(text, start), _ODD[token])
        elif kind == "parameter" and int(token[1:]) > parameters:
            raise StatementError(_line(text, start), f"no parameter {token} is given here")
        parts.append(token)
    statement = "".join(parts).strip()
    if not statement:
        raise StatementError(_line(text, len(text)), "no statement")
    return statement


def _fold(parts: list[str], blanks: str) -> None:
    # A line's end joins two strings into one, which a blank does not: it has to stay.
    fold = "\n" if "\n" in blanks else " "
    if parts and parts[-1] in ("\n", " "):
        parts[-1] = "\n" if "\n" in (fold, parts[-1]) else " "
    elif parts:
        parts.append(fold)


def _comment_end(text: str, start: int) -> int:
    depth, at = 1, start + 2
    while depth:
        edge = _COMMENT_EDGE.search(text, at)
        if edge is None:
            raise StatementError(_line(text, start), "a comment has no end")
        depth += 1 if edge.group() == "/*" else -1
        at = edge.end()
    return at


def _dollar_end(text: str, tag: str, start: int) -> int:
    end = text.find(tag, start + len(tag))
    if end < 0:
        raise StatementError(_line(text, start), f"a string in {tag} has no end")
    return end + len(tag)


def _line(text: str, at: int) -> int:
    return text.count("\n", 0, at) + 1
