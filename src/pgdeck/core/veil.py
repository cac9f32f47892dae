"""Addresses as they may be seen while they are typed: what is or may become a password is not."""

from __future__ import annotations

import re

SIGN = "*"
_LOGIN = re.compile(
    r"\w[\w.+:-]*://(?:\[[^\]]*\]|[^:/?#@\s]*):"  # or a host's name: which shows only later
    r"|[^:/?#@\s=]+:(?!//)(?=[^@]*@)"
)
_PORT = re.compile(r"\d{1,5}(?:,[^@]*)?[/?][^@]*")
_SECRETS = r"(?:password|sslpassword|oauth_client_secret|scram_\w+_key)"
_PARAMETER = re.compile(rf"[?&]{_SECRETS}=(?P<secret>[^&]*)", re.IGNORECASE)
_PAIR = re.compile(
    rf"\b{_SECRETS}\s*=\s*(?P<secret>'(?:[^'\\]|\\.)*(?:'|\\?$)|(?:[^\s\\]|\\.)*\\?)",
    re.IGNORECASE,
)


def veiled(text: str) -> str:
    """Return a text of the same length in which no password of an address can be read."""
    shown = text
    for found in (_PARAMETER if "://" in text else _PAIR).finditer(text):
        shown = _covered(shown, *found.span("secret"))
    login = _LOGIN.match(text)
    if login is None or _PORT.fullmatch(text, login.end()):
        return shown
    # One that is written as it is may hold any sign, this one too.
    end = text.rfind("@", login.end())
    return _covered(shown, login.end(), len(text) if end < 0 else end)


def _covered(text: str, begin: int, end: int) -> str:
    return text[:begin] + SIGN * (end - begin) + text[end:]
