"""What is done to a server as a whole."""

from __future__ import annotations

from pgdeck.core.operation import Asker, Wish, Work
from pgdeck.core.plan import Asking, Plan, Sharing, Step
from pgdeck.core.target import Target
from pgdeck.pg.marking import mark_of


class Checkpoint:
    """Writes all dirty pages out now: before a planned stop, it shortens the way back up."""

    name = "checkpoint"

    async def plan(self, asker: Asker, target: Target, wish: Wish) -> Plan:
        """Say what it costs; reads only."""
        mark = await mark_of(asker, target)
        step = Step(
            title="Write a checkpoint",
            text="CHECKPOINT",
            takes="no lock; the disk is busy until all dirty pages are written",
        )
        return Plan(
            op=self.name,
            title="Checkpoint",
            target=mark,
            steps=(step,),
            sharing=Sharing.NONE,
            holds=("checkpoint",),
            asking=Asking.YES,
            wish=wish,
        )

    def run(self, work: Work) -> str:
        """Write it."""
        work.run(work.begin(1))
        return "The checkpoint is written"
