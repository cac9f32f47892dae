"""What people and programs do with the reference databases, one short act each."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from typing import Any

import psycopg
from msgspec import Struct

from pgdeck.reference.rows import AGENTS, DIMENSIONS, FIRST, MESSAGES

Session = psycopg.AsyncConnection[tuple[Any, ...]]

# A night's messages beyond the seeded ones; older ones are purged.
KEEP_MESSAGES = MESSAGES + 50_000
NAMES = FIRST.split()


class Scene(Struct, frozen=True):
    """What an act has: its session, its luck, and a way to open further sessions by name.

    Sessions are in autocommit mode; an act closes those that it opened.
    """

    session: Session
    luck: random.Random
    open_session: Callable[[str], Awaitable[Session]]

    def agent(self) -> int:
        """Return an agent's number; a few of them do most of the work."""
        return 1 + int(AGENTS * self.luck.random() ** 3)

    async def linger(self, low: float, high: float) -> None:
        """Wait between `low` and `high` seconds."""
        await asyncio.sleep(self.luck.uniform(low, high))


class Actor(Struct, frozen=True):
    """`count` sessions called `name` that act again and again, about `pause` seconds apart."""

    name: str
    database: str
    act: Callable[[Scene], Awaitable[None]]
    count: int
    pause: float


SAY = """
INSERT INTO ops.messages (agent_id, organization_id, role, content, tokens)
SELECT id, organization_id, %s, %s, %s FROM ops.agents WHERE id = md5('agent' || %s::int)::uuid"""
HISTORY = """
SELECT role, content FROM ops.messages
 WHERE agent_id = md5('agent' || %s::int)::uuid AND deleted_at IS NULL
 ORDER BY created_at DESC LIMIT 12"""
COUNT = """
UPDATE ops.agents SET message_count = message_count + 2, updated_at = now()
 WHERE id = md5('agent' || %s::int)::uuid"""
REWRITE = """
UPDATE ops.blocks SET value = left(%s || ' ' || value, char_limit), version = version + 1,
       updated_at = now()
 WHERE agent_id = md5('agent' || %s::int)::uuid"""
RETOUCH = """
UPDATE ops.messages SET tokens = tokens + 1, updated_at = now()
 WHERE id IN (SELECT id FROM ops.messages WHERE id >= %s ORDER BY id LIMIT 12)"""
USAGE = """
INSERT INTO analytics.usage_events (occurred_at, organization_id, agent_id, kind, model,
                                    input_tokens, output_tokens, cost_micros)
SELECT clock_timestamp(), md5('org' || (1 + n %% 40))::uuid, md5('agent' || n)::uuid,
       'completion', 'swift-small', 20 * n, n, 21 * n
  FROM generate_series(%s::int, %s::int) n"""
NEAREST = """
SELECT id, content FROM ops.passages ORDER BY embedding <=> %s::text::vector LIMIT 5"""
PURGE = """
DELETE FROM ops.messages WHERE id IN
       (SELECT id FROM ops.messages WHERE deleted_at IS NOT NULL ORDER BY id LIMIT 300)"""
TRIM = """
DELETE FROM ops.messages WHERE id IN (SELECT id FROM ops.messages ORDER BY id LIMIT
       least(5000, greatest(0, (SELECT max(id) - min(id) FROM ops.messages) - %s)))"""
ROLL_UP = """
INSERT INTO analytics.daily_usage (day, organization_id, model, calls, input_tokens,
                                   output_tokens, cost_micros)
SELECT occurred_at::date, organization_id, model, count(*), sum(input_tokens),
       sum(output_tokens), sum(cost_micros)
  FROM analytics.usage_events
 WHERE occurred_at >= current_date AND occurred_at < current_date + 1 GROUP BY 1, 2, 3
    ON CONFLICT (day, organization_id, model) DO UPDATE
   SET calls = excluded.calls, input_tokens = excluded.input_tokens,
       output_tokens = excluded.output_tokens, cost_micros = excluded.cost_micros"""
MONTH = """
SELECT analytics.add_usage_month((current_date + interval '1 month')::date)"""
EXPORT = """
SELECT o.name, count(*), sum(m.tokens), pg_sleep(%s)
  FROM ops.organizations o JOIN ops.messages m ON m.organization_id = o.id
 WHERE m.created_at > now() - interval '2 hours' GROUP BY o.name LIMIT 1"""
LOCK_AGENT = """
UPDATE ops.agents SET updated_at = now() WHERE id = md5('agent' || %s::int)::uuid"""


async def converse(scene: Scene) -> None:
    """A person and an agent exchange a message each."""
    agent = scene.agent()
    async with scene.session.transaction():
        await scene.session.execute(HISTORY, [agent])
        for role in ("user", "assistant"):
            words = f"{scene.luck.choice(NAMES)}: {'and then ' * scene.luck.randrange(2, 20)}"
            await scene.session.execute(SAY, [role, words, scene.luck.randrange(900), agent])
        await scene.session.execute(COUNT, [agent])


async def remember(scene: Scene) -> None:
    """An agent rewrites its memory, and sometimes its history: dead rows."""
    await scene.session.execute(REWRITE, [scene.luck.choice(NAMES), scene.agent()])
    if scene.luck.random() < 0.4:
        await scene.session.execute(RETOUCH, [scene.luck.randrange(1, MESSAGES)])


async def record_usage(scene: Scene) -> None:
    """A batch of calls is written down."""
    first = scene.agent()
    await scene.session.execute(USAGE, [first, first + scene.luck.randrange(3)])


async def search_memory(scene: Scene) -> None:
    """An agent looks for what is near in meaning."""
    vector = [round(scene.luck.uniform(-1, 1), 3) for _ in range(DIMENSIONS)]
    await scene.session.execute(NEAREST, [str(vector)])


async def dither(scene: Scene) -> None:
    """A handler forgets to end its transaction for a while; sometimes with an old snapshot."""
    long_ago = scene.luck.random() < 0.3
    async with scene.session.transaction():
        if long_ago:
            await scene.session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        await scene.session.execute(HISTORY, [scene.agent()])
        if not long_ago:
            await scene.session.execute(REWRITE, ["", AGENTS - scene.luck.randrange(50)])
        await scene.linger(*((30, 60) if long_ago else (6, 18)))


async def purge(scene: Scene) -> None:
    """What was deleted softly goes, and the oldest of what is too much."""
    await scene.session.execute(PURGE)
    await scene.session.execute(TRIM, [KEEP_MESSAGES])


async def sum_up(scene: Scene) -> None:
    """The day's sums are written anew, and the next month gets its partition."""
    await scene.session.execute(MONTH)
    await scene.session.execute(ROLL_UP)


async def export(scene: Scene) -> None:
    """A report that takes its time."""
    await scene.session.execute(EXPORT, [scene.luck.uniform(4, 14)])


async def hold_up(scene: Scene) -> None:
    """A job locks a row and idles; two wait for it, one for them, and one for that one.

    nightly-export holds A; worker 1 holds B and waits for A, as api does; worker 2 holds C and
    waits for B; two more wait for C.
    """
    base = AGENTS - scene.luck.randrange(5, 40)
    a, b, c = base, base + 1, base + 2
    async with asyncio.TaskGroup() as waiters, scene.session.transaction():
        await scene.session.execute(LOCK_AGENT, [a])
        waiters.create_task(_wait_for(scene, "worker", b, a))
        waiters.create_task(_wait_for(scene, "api", None, a))
        await scene.linger(0.5, 1.5)
        waiters.create_task(_wait_for(scene, "worker", c, b))
        await scene.linger(0.5, 1.5)
        for _ in range(2):
            waiters.create_task(_wait_for(scene, "api", None, c))
        await scene.linger(8, 14)


async def _wait_for(scene: Scene, name: str, holding: int | None, wanted: int) -> None:
    # The group of waiters would wrap the error; the scene's own session meets the same one.
    with contextlib.suppress(psycopg.Error):
        async with await scene.open_session(name) as session, session.transaction():
            if holding is not None:
                await session.execute(LOCK_AGENT, [holding])
            await session.execute(LOCK_AGENT, [wanted])
