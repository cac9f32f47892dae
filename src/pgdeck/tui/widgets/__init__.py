"""Widgets of our own, each painting its lines itself."""
