"""How keys are called: as a person writes and reads them, and as Textual does."""

from __future__ import annotations

from string import ascii_lowercase, punctuation

from textual.keys import _character_to_key, key_to_character

SHOWN = {
    "slash": "/",
    "question_mark": "?",
    "colon": ":",
    "tilde": "~",
    "plus": "+",
    "minus": "-",
    "equals_sign": "=",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "left_square_bracket": "[",
    "right_square_bracket": "]",
    "asterisk": "*",
    "vertical_line": "|",
    "space": "Space",
    "enter": "Enter",
    "escape": "Esc",
    "backspace": "Backspace",
    "delete": "Delete",
    "insert": "Insert",
    "tab": "Tab",
    "shift+tab": "Shift+Tab",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "up": "Up",
    "down": "Down",
    "left": "Left",
    "right": "Right",
    **{f"f{at}": f"F{at}" for at in range(1, 13)},
}

OTHER_NAMES = {
    "esc": "escape",
    "return": "enter",
    "pgup": "pageup",
    "page_up": "pageup",
    "pgdn": "pagedown",
    "pgdown": "pagedown",
    "page_down": "pagedown",
    "del": "delete",
    "ins": "insert",
    "bksp": "backspace",
    "arrow_up": "up",
    "arrow_down": "down",
    "arrow_left": "left",
    "arrow_right": "right",
}
"""What people call keys besides."""

CHARACTERS = {_character_to_key(character): character for character in punctuation}
NAMED = frozenset({key for key in SHOWN if "+" not in key} | CHARACTERS.keys())
FAR = frozenset({"up", "down", "left", "right", "home", "end"})
"""Keys that terminals send together with shift and ctrl as they did before any protocol."""

CONTROL = frozenset(ascii_lowercase) | {
    "backslash",
    "right_square_bracket",
    "circumflex_accent",
    "underscore",
}
"""What makes a character of its own with ctrl; all else needs an extended keyboard protocol."""

SAME = {
    "i": "Tab",
    "m": "Enter",
    "h": "Backspace, in many terminals",
    "left_square_bracket": "Esc",
}
"""Letters with ctrl that reach a program as the byte of another key."""

MODIFIERS = ("ctrl", "shift", "alt")
PROTOCOL = (
    "only terminals with an extended keyboard protocol tell it apart; tmux, PuTTY, the Linux"
    " console and many others do not"
)


class UnfitKeyError(ValueError):
    """A key that is none, or that not every terminal can send; `hint` is the way out."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def shown(key: str) -> str:
    """Return a key as a person reads it."""
    if (known := SHOWN.get(key)) is not None:
        return known
    before, plus, last = key.rpartition("+")
    if plus:
        return f"{before}+{shown(last)}"
    return CHARACTERS.get(key) or key_to_character(key) or key


def read_key(text: str) -> str:
    """Return Textual's name of a key that a person wrote: ``P``, ``ctrl+e``, ``^E``, ``F5``.

    Raises `UnfitKeyError`.
    """
    written = text.strip() if text != " " else text
    if not written:
        raise UnfitKeyError("a key is missing", "write one such as P, ctrl+e or F5")
    if len(written) == 1:
        return _character(written)
    if len(written) == 2 and written[0] == "^":
        written = f"ctrl+{written[1]}"
    *given, last = written.removesuffix("+").split("+")
    if written.endswith("+"):
        last = "plus"
    modifiers = {modifier.strip().lower() for modifier in given if modifier.strip()}
    if unknown := sorted(modifiers - set(MODIFIERS)):
        raise UnfitKeyError(f"{text} needs {unknown[0]}: {PROTOCOL}", "choose a key without it")
    return _modified(modifiers, _named(last.strip(), text), text)


def types_text(key: str) -> bool:
    """Whether a key writes something where text is typed."""
    character = CHARACTERS.get(key) or key_to_character(key)
    return key == "space" or (character is not None and character.isprintable())


def _character(character: str) -> str:
    if not character.isprintable():
        raise UnfitKeyError(
            "this is no key that can be written", "use its name: tab, enter, escape"
        )
    return _character_to_key(character)


def _named(name: str, text: str) -> str:
    if len(name) == 1:
        return _character(name)
    known = OTHER_NAMES.get(name.lower(), name.lower())
    if known in NAMED:
        return known
    if known.startswith("f") and known[1:].isdigit():
        raise UnfitKeyError(
            f"{text} is on few keyboards and sent by few terminals", "F1 to F12 are"
        )
    from difflib import get_close_matches

    close = get_close_matches(known, [*NAMED, *OTHER_NAMES], n=1)
    hint = f"did you mean {close[0]}?" if close else "write it as P, ctrl+e, F5, pageup, space"
    raise UnfitKeyError(f"no key is called {text}", hint)


def _modified(modifiers: set[str], last: str, text: str) -> str:
    """Return a key with its modifiers, if every terminal can send that."""
    letter = len(last) == 1 and last.isalpha()
    if "shift" in modifiers and letter and modifiers == {"shift"}:
        raise UnfitKeyError(f"{text} is the capital letter", f"write {last.upper()}")
    if letter and "ctrl" in modifiers:
        last = last.lower()
    if not modifiers or (modifiers == {"shift"} and last in FAR | {"tab"}):
        return "+".join([*modifiers, last])
    if modifiers == {"ctrl"} and (last in CONTROL or last in FAR or last in SAME):
        if last in SAME:
            raise UnfitKeyError(f"{text} arrives as {SAME[last]}", "choose another key")
        return f"ctrl+{last}"
    if modifiers == {"alt"} and last.isascii() and last.isalnum() and len(last) == 1:
        return f"alt+{last}"
    raise UnfitKeyError(f"{text} cannot be used: {PROTOCOL}", "choose another key")
