"""Taking secrets out of a text before anybody reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from pgdeck.core.target import SECRET_KEYWORDS
from pgdeck.errors import UsageProblem
from pgdeck.targets.detect import read_address

_MASK = "***"
_IN_URL = re.compile(r"(?P<head>[A-Za-z][\w+.-]*://[^\s:/@]*:)\S*@")
_IN_PAIR = re.compile(
    rf"(?P<head>\b\w*(?:{'|'.join(sorted(SECRET_KEYWORDS))})['\"]?\s*[=:]\s*)"
    r"(?:'(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\"|[^\s&,)]+)",
    re.IGNORECASE,
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text without the given secrets, passwords in URLs and ``password=`` values."""
    for secret in sorted(set(secrets), key=len, reverse=True):
        if secret:
            text = text.replace(secret, _MASK)
    text = _IN_URL.sub(rf"\g<head>{_MASK}@", text)
    return _IN_PAIR.sub(rf"\g<head>{_MASK}", text)


def secrets_of(addresses: Iterable[str], environ: Mapping[str, str]) -> frozenset[str]:
    """Return every form of the passwords that addresses and the environment hold."""
    found = {environ.get("PGPASSWORD", "")}
    for text in addresses:
        try:
            conninfo = read_address(text).conninfo
        except UsageProblem:
            # What cannot be read may hold a secret anywhere.
            found.add(text)
        else:
            found |= {value for key, value in conninfo.items() if key in SECRET_KEYWORDS}
    return frozenset(
        form
        for secret in found
        if secret
        for form in (secret, repr(secret)[1:-1], quote(secret, ""))
    )
