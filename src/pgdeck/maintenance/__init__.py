"""Maintenance of a server: vacuum, analyze, reindex, and what concerns it as a whole."""
