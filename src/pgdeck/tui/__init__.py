"""The dashboard: it shows what the floors below know and never talks to a server itself."""
