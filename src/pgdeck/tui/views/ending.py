"""Ending what sessions do: the one under the cursor, all marked ones, or the root above it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import partial
from typing import ClassVar

from msgspec.structs import replace
from textual.binding import Binding, BindingType

from pgdeck.core.explaining import Seen
from pgdeck.core.rows import Key, TableRow
from pgdeck.tui.keymap import worded
from pgdeck.tui.views.rows import RowsView
from pgdeck.tui.views.view import ExplainWanted, Keys, Operate
from pgdeck.tui.widgets.menu import Act, RowMenu
from pgdeck.watch.model import Activity, Session
from pgdeck.watch.sessions import blocker_of, key_of, session_at

CANCEL, TERMINATE, EXPLAIN = "cancel", "terminate", "explain"
END: Keys = (("C", "cancel"), ("K", "terminate"))
PREPARED = "a prepared transaction is no session: y copies the statement that ends it"
MOST_SEEN = 2000
"""Characters of a statement that the list of sessions brings at most."""

OF_ROOT = "root "
"""What the actions of a menu begin with that concern the root."""


class EndingView(RowsView):
    """A view of sessions with the keys that cancel and terminate.

    Whom they hit is settled when the key is pressed: rows may move, or vanish, from then on.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("C", "end('cancel')", "Cancel what it runs", id="activity.cancel"),
        Binding("K", "end('terminate')", "Terminate the session", id="activity.terminate"),
        Binding("e", "explain", "Explain its statement", id="activity.explain"),
        Binding("x", "menu", "What can be done with the row", id="activity.menu"),
    ]

    @property
    def activity(self) -> Activity | None:
        """The newest sessions known."""
        data = self.snapshot.data if self.snapshot else None
        return data if isinstance(data, Activity) else None

    def action_end(self, op: str) -> None:
        """Have it planned; for one that waits in the tree, ask first whether its root is meant."""
        rows = self._meant()
        root = self._root(rows) if self.current_table.model.tree else None
        if not rows:
            self.app.notify("There is no session to end.", markup=False)
        elif root is None:
            self._wish(op, [row.key for row in rows])
        else:
            pid = rows[0].key[0]
            acts = (
                Act("1", f"The root: {_name(root)}", OF_ROOT + op),
                Act("2", f"pid {pid} itself, which only waits", op),
            )
            self._offer(f"{op.capitalize()} whom? pid {pid} waits for", acts, rows, root)

    def action_explain(self) -> None:
        """Have the statement of the session under the cursor explained; nothing is run."""
        row = self.current_table.cursor_row
        if row is not None and self.activity is not None:
            self._explain(row.key)

    def _explain(self, key: Key) -> None:
        found = session_at(self.activity, key) if self.activity else None
        if found is not None:
            text = found.query if found.visible else None
            self.post_message(ExplainWanted(Seen(text, found.login, found.database, MOST_SEEN)))

    def action_menu(self) -> None:
        """List what can be done with the marked sessions, else with the one under the cursor."""
        rows = self._meant()
        if rows:
            root = self._root(rows)
            self._offer(self._about(rows), self._acts(rows, root), rows, root)

    def _acts(self, rows: Sequence[TableRow], root: Session | None) -> list[Act]:
        forbidden = self._forbidden()
        why_not = forbidden or ("" if any(map(_wished, _keys(rows))) else PREPARED)
        one = len(rows) == 1
        whom = ("what it runs", "it") if one else (f"what {len(rows)} run", f"{len(rows)} sessions")
        found = session_at(self.activity, rows[0].key) if self.activity and one else None
        rests = bool(found and (found.state or "").startswith("idle in transaction"))
        cancel = "Cancel; it runs nothing, so that terminates it" if rests else f"Cancel {whom[0]}"
        acts = [
            Act("C", cancel, CANCEL, why_not),
            Act("K", f"Terminate {whom[1]}", TERMINATE, why_not),
            Act("e", "Explain its statement; nothing is run", EXPLAIN, "" if one else "mark none"),
            Act("y", "Copy the statement that ends it, or anything else of it", "copy"),
        ]
        acts = [replace(act, key=worded(self, act.key)) for act in acts]
        if root is not None:
            acts[:0] = [
                Act("1", f"Cancel the root: {_name(root)}", OF_ROOT + CANCEL, forbidden),
                Act("2", f"Terminate the root: {_name(root)}", OF_ROOT + TERMINATE, forbidden),
            ]
        return acts

    def _offer(
        self, about: str, acts: Sequence[Act], rows: Sequence[TableRow], root: Session | None
    ) -> None:
        keys = tuple(row.key for row in rows)
        self.app.push_screen(RowMenu(about, acts), partial(self._take, keys, root))

    async def _take(self, keys: Sequence[Key], root: Session | None, action: str | None) -> None:
        if action is None:
            return
        if action == EXPLAIN:
            self._explain(keys[0])
            return
        op = action.removeprefix(OF_ROOT)
        if op not in (CANCEL, TERMINATE):
            await self.run_action(op)
        elif op != action and root is not None:
            self._wish(op, [key_of(root)])
        else:
            self._wish(op, keys)

    def _wish(self, op: str, keys: Sequence[Key]) -> None:
        words = [word for word in map(_wished, keys) if word]
        if words:
            self.post_message(Operate(op, {"sessions": " ".join(words)}))
        else:
            said = worded(self, PREPARED)
            self.app.notify(f"{said[0].upper()}{said[1:]}.", markup=False)

    def _meant(self) -> list[TableRow]:
        table = self.current_table
        return table.model.marked_rows() or [row for row in (table.cursor_row,) if row]

    def _root(self, rows: Sequence[TableRow]) -> Session | None:
        """Return the root above the only row that is meant, None where there is none."""
        activity = self.activity
        if activity is None or len(rows) != 1:
            return None
        session = session_at(activity, rows[0].key)
        return None if session is None else blocker_of(activity, session)

    def _about(self, rows: Sequence[TableRow]) -> str:
        found = session_at(self.activity, rows[0].key) if self.activity else None
        return f"{len(rows)} marked sessions" if len(rows) > 1 or not found else _name(found)

    def _forbidden(self) -> str:
        hands = getattr(self.app, "hands", None)
        return str(hands.why_not()) if hands is not None else "nothing can be started from here"


def _keys(rows: Sequence[TableRow]) -> list[Key]:
    return [row.key for row in rows]


def _wished(key: Key) -> str:
    """Return a session as the operation reads it, with its start where that is seen."""
    pid, mark = key
    if not isinstance(mark, datetime):
        return "" if isinstance(mark, str) else str(pid)
    return f"{pid}@{mark.isoformat()}"


def _name(session: Session) -> str:
    application = session.application or session.backend_type or "a session"
    login = f", login {session.login}" if session.login else ""
    return f"pid {session.pid} ({application}{login}, {session.state or 'state hidden'})"
