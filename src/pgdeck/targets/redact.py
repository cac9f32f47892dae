"""Taking secrets out of a text before anybody reads it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from urllib.parse import quote

from pgdeck.core.target import SECRET_KEYWORDS
from pgdeck.errors import Problem, UsageProblem
from pgdeck.targets.detect import own_settings, read_address

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
    """Return every form of the passwords in addresses, the environment and the configuration."""
    found = {environ.get("PGPASSWORD", "")}
    for text in addresses:
        try:
            conninfo = read_address(text).conninfo
        except UsageProblem:
            # What cannot be read may hold a secret anywhere.
            found.add(text)
        else:
            found |= {value for key, value in conninfo.items() if key in SECRET_KEYWORDS}
    return _forms(found | _configured())


def _configured() -> set[str]:
    """Return the passwords of a person's own configuration, as far as it can be read."""
    try:
        settings = own_settings(forgiving=True)
    except Problem:
        return set()
    found: set[str] = set()
    for each in settings.targets.values() if settings else ():
        conninfo = each.address.conninfo if each.address else {}
        found |= {value for key, value in conninfo.items() if key in SECRET_KEYWORDS}
        found.add(each.password.literal if each.password else "")
    return found


def _forms(secrets: Iterable[str]) -> frozenset[str]:
    return frozenset(
        form
        for secret in secrets
        if secret
        for form in (secret, repr(secret)[1:-1], quote(secret, ""))
    )
