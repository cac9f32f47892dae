"""An answer that a person types at a terminal: not one that was pasted, or stood there before."""

from __future__ import annotations

import os
import select
import sys
import termios
import time
import tty
from codecs import getincrementaldecoder

from pgdeck.errors import Refused

COOL_DOWN = 0.5
"""Seconds in which what was typed before the question does not count as its answer."""

AT_ONCE = 3
"""Keys that may arrive in one piece: a slow line bundles some, a paste brings all."""

ENDS, RUBS, LEAVES = "\r\n", "\x7f\x08", "\x03\x04\x1b"


def typed_answer(question: str) -> str:
    """Return what a person types after a question, on standard error.

    Raises `Refused` for a paste, KeyboardInterrupt for ctrl+c.  Needs a terminal on standard input.
    """
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal)
        time.sleep(COOL_DOWN)
        termios.tcflush(terminal, termios.TCIFLUSH)
        _show(question)
        return _read(terminal)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)
        _show("\n")


def _read(terminal: int) -> str:
    decode = getincrementaldecoder("utf-8")("replace").decode
    answer = ""
    while True:
        select.select([terminal], [], [])
        piece = decode(os.read(terminal, 4096))
        if len(piece) > AT_ONCE:
            raise Refused("an answer is typed, not pasted: nothing was done")
        for key in piece:
            if key in ENDS or key in LEAVES:
                return answer if key in ENDS else ""
            if key in RUBS:
                _show("\b \b" if answer else "")
                answer = answer[:-1]
            elif key.isprintable():
                _show(key)
                answer += key


def _show(text: str) -> None:
    sys.stderr.write(text)
    sys.stderr.flush()
