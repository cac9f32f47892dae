"""What an address that a project's file names may not ask for: only a person's own word may."""

from __future__ import annotations

from pgdeck.core.target import Conninfo
from pgdeck.targets.url import Address

_NEVER = ("sslkeylogfile", "passfile")


def harmless(address: Address) -> Address:
    """Return an address without what could write a file, or send one server's secrets to another.

    libpq takes the password for the host that is named, and connects to the `hostaddr` beside it;
    of a service it takes what the address leaves open, the password included.
    """
    given = dict(address.conninfo)
    dropped = [key for key in _NEVER if given.pop(key, None)]
    if given.get("host") and given.pop("hostaddr", None):
        dropped.append("hostaddr")
    if (given.get("host") or given.get("hostaddr")) and given.pop("service", None):
        dropped.append("service")
    if not dropped:
        return address
    note = f"not taken from a project's file: {', '.join(dropped)}"
    return Address(Conninfo(given), (*address.notes, note))
