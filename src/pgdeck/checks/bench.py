"""What the checks of a target are judged with, put together."""

from __future__ import annotations

from pgdeck.checks.books import books
from pgdeck.checks.collector import Bench
from pgdeck.checks.configuration import Configuration
from pgdeck.checks.pardons import FilePardons
from pgdeck.checks.policy import Policy, Rules
from pgdeck.checks.samples import FileSamples
from pgdeck.core.address import endpoint
from pgdeck.core.target import Target


def bench_for(target: Target, override: Policy | None = None, *, at_once: bool = False) -> Bench:
    """Return the books, the policy of the configuration, and the files of this person.

    `override` is decided on top of the file, for this run.  A single look gathers all `at_once`.
    """
    samples = FileSamples()
    brought = books(samples, at_once=at_once)
    rules: Rules = tuple(rule for book in brought for rule in book.rules)
    names = (target.name, endpoint(target.conninfo))
    configuration = Configuration(names, rules, project=target.project_file)

    def policy() -> Policy:
        decided = configuration.policy()
        return decided if override is None else override.upon(decided, rules)

    return Bench(target, brought, policy, FilePardons, samples)
