"""Activity: who runs, who waits, and who blocks whom, as three views of the same sessions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from pgdeck.core.rows import Table
from pgdeck.core.snapshot import Snapshot
from pgdeck.core.spec import ScreenSpec
from pgdeck.tui.ink import Line, Span
from pgdeck.tui.keymap import worded
from pgdeck.tui.views.ending import END, EndingView
from pgdeck.tui.views.rows import failure_spans
from pgdeck.tui.views.view import FooterChanged, Keys
from pgdeck.tui.widgets.table import KeyedTable
from pgdeck.watch.model import Activity, SessionView
from pgdeck.watch.sessions import ACTIVITY_COLUMNS, BLOCKING_COLUMNS, to_table

LABELS = {
    SessionView.RUNNING: ("F1", "running", "run"),
    SessionView.WAITING: ("F2", "waiting", "wait"),
    SessionView.BLOCKING: ("F3", "blocking", "block"),
}
EMPTY = {
    SessionView.RUNNING: "No session is busy. Idle ones: i",
    SessionView.WAITING: "No session waits for another.",
    SessionView.BLOCKING: "Nobody blocks anybody.",
}
ORDER = tuple(SessionView)
MONITOR = "GRANT pg_monitor"
NARROW, ROOMY = 45, 100


class ActivityView(EndingView):
    """The sessions of the server; the blocking view draws the tree with its true root."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f1", "view('running')", "Running", id="activity.running"),
        Binding("f2", "view('waiting')", "Waiting", id="activity.waiting"),
        Binding("f3", "view('blocking')", "Blocking", id="activity.blocking"),
        Binding("left_square_bracket", "step(-1)", "View before", id="activity.previous"),
        Binding("right_square_bracket", "step(1)", "Next view", id="activity.next"),
        Binding("i", "idle", "Show or hide idle sessions", id="activity.idle"),
    ]

    def __init__(self, spec: ScreenSpec, *, ascii_only: bool) -> None:
        self.chosen = SessionView.RUNNING
        self.with_idle = False
        super().__init__(spec, spec.columns or ACTIVITY_COLUMNS, ascii_only=ascii_only)
        self.blocking = KeyedTable(
            BLOCKING_COLUMNS,
            sort=None,
            empty_text=EMPTY[SessionView.BLOCKING],
            ascii=ascii_only,
            tree=True,
        )
        self.blocking.add_class("away")

    def tables(self) -> Sequence[KeyedTable]:
        """The flat table and the tree."""
        return (self.table, self.blocking)

    @property
    def current_table(self) -> KeyedTable:
        """The table that is on screen."""
        return self.blocking if self.chosen is SessionView.BLOCKING else self.table

    @property
    def form(self) -> str:
        """The chosen view, and whether idle sessions are shown."""
        return f"{self.chosen}{' idle' if self.with_idle else ''}"

    def take_form(self, form: str) -> None:
        """Choose a view again."""
        chosen, _, idle = form.partition(" ")
        self.with_idle = bool(idle)
        self.action_view(chosen)

    @property
    def footer_keys(self) -> Keys:
        """The keys worth naming in the footer now."""
        return (("F1 F2 F3", "views"), *END, *super().footer_keys)

    def show(self, snapshot: Snapshot[object]) -> None:
        """Show the sessions in the chosen view."""
        self.snapshot = snapshot
        self._fill()

    def action_view(self, name: str) -> None:
        """Choose one of the three views."""
        self.chosen = SessionView(name)
        for table in self.tables():
            table.set_class(table is not self.current_table, "away")
        self._fill()
        self.take_focus()
        self.post_message(FooterChanged())

    def action_step(self, by: int) -> None:
        """Choose the next or previous view."""
        self.action_view(ORDER[(ORDER.index(self.chosen) + by) % len(ORDER)])

    def action_idle(self) -> None:
        """Show or hide sessions that do nothing."""
        self.with_idle = not self.with_idle
        self._fill()

    def _fill(self) -> None:
        activity = self.activity
        if activity is not None:
            table = to_table(activity, self.chosen, idle=self.with_idle)
            self.shown = table
            self.current_table.frame.empty_text = worded(self, _empty(self.chosen, activity))
            self.current_table.show(table)
        self.draw_title()
        self.draw_detail()

    def title_shown(self, said: bool) -> bool:
        """It says which of the three views this is."""
        return True

    def title_left(self) -> Line:
        """The three views with their counts, the chosen one marked."""
        spans: list[Span] = []
        counts = self._counts()
        narrow = self.title_line.size.width < NARROW
        for view, (shipped, label, short) in LABELS.items():
            key = worded(self, shipped)
            name = short if narrow else label
            role = "tab-current" if view is self.chosen else "tab"
            count = counts.get(view)
            said = f" {name} {count} " if count is not None else f" {name} "
            spans += [Span(f" {key}", "key" if role == "tab" else role), Span(said, role)]
        return (*spans, *failure_spans(self.snapshot))

    def _counts(self) -> dict[SessionView, int]:
        activity = self.activity
        if activity is None:
            return {}
        return {
            SessionView.RUNNING: len(to_table(activity, SessionView.RUNNING).rows),
            SessionView.WAITING: len(to_table(activity, SessionView.WAITING).rows),
            SessionView.BLOCKING: len(activity.tree),
        }

    def summary(self, table: Table) -> str:
        """Count all processes beside those shown: the server's own are among them."""
        activity = self.activity
        total = len(activity.sessions) if activity else 0
        model = self.current_table.model
        if model.tree and model.filter is not None:
            return f"{model.count()} of {len(table.rows)} match"
        said = f"{model.count()} of {total} processes"
        if activity and activity.hidden:
            said += f", {activity.hidden} hidden"
            said += f": {MONITOR}" if self.title_line.size.width >= ROOMY else ""
        return said


def _empty(view: SessionView, activity: Activity) -> str:
    """Say why a view is empty; sessions that are hidden from this login may well belong here."""
    if not activity.hidden:
        return EMPTY[view]
    grant = f"{MONITOR} TO {activity.hidden_from or 'this login'}"
    return f"Nothing that this login may see; {activity.hidden} sessions are hidden. {grant}"
