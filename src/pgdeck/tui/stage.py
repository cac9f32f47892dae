"""The views of one target: made at their first visit, kept, and cleared away with the target."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual.widget import Widget

from pgdeck.core.spec import ScreenSpec
from pgdeck.tui.views.registry import make_view
from pgdeck.tui.views.view import View

if TYPE_CHECKING:
    from pgdeck.tui.place import Choices


class Stage:
    """Holds the views by the names of their screens."""

    def __init__(self, specs: Mapping[str, ScreenSpec], *, ascii_only: bool) -> None:
        self._specs = specs
        self._ascii_only = ascii_only
        self._views: dict[str, View] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._views

    def view(self, name: str) -> View:
        """Return a view that was made."""
        return self._views[name]

    def widget(self, name: str) -> Widget:
        """Return the same as what the screen mounts."""
        widget = self._views[name]
        assert isinstance(widget, Widget)
        return widget

    def make(self, name: str) -> Widget:
        """Make the view of a screen; the caller mounts it."""
        keys = {spec.name: spec.key for spec in self._specs.values() if spec.key}
        widget = make_view(self._specs[name], keys, ascii_only=self._ascii_only)
        assert isinstance(widget, View)
        self._views[name] = widget
        return widget

    def choices(self) -> dict[str, Choices]:
        """Return what was chosen in every view."""
        return {name: view.choices() for name, view in self._views.items()}

    def clear(self) -> list[Widget]:
        """Forget all views; returns their widgets, which the caller removes."""
        widgets = [self.widget(name) for name in self._views]
        self._views = {}
        return widgets
