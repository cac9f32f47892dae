"""The reference databases: a platform of agents, its usage, and people at work on both."""
