"""Who blocks whom, as a tree that stands on those who wait for nobody."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping, Sequence

from msgspec import Struct
from msgspec.structs import replace


class Place(Struct, frozen=True):
    """Where one session stands in the tree.

    `depth` is 0 for a root, `blocks` counts all that wait for it, directly or not, and `deadlock`
    marks a root that waits itself: the server is about to end one of that circle.
    """

    node: int
    root: int
    depth: int
    blocks: int
    last_child: bool = False
    deadlock: bool = False


def blocking_tree(
    blockers: Mapping[int, Collection[int]],
    queues: Mapping[int, Hashable] | None = None,
    rank: Mapping[int, float] | None = None,
) -> tuple[Place, ...]:
    """Return everybody who blocks or waits, parents before children, each of them once.

    `blockers` maps a waiter to those it waits for; a server also names waiters ahead in the same
    queue there, so a waiter is put below somebody who is not in its own queue (`queues`: what each
    waiter waits for) where there is one, and below the deepest of these.  Siblings are ordered by
    `rank`, then by number; roots by how many they block.
    """
    edges = {
        waiter: tuple(sorted({blocker for blocker in named if blocker != waiter}))
        for waiter, named in blockers.items()
    }
    edges = {waiter: named for waiter, named in edges.items() if named}
    ranks = rank or {}
    nodes = sorted(
        edges.keys() | {blocker for named in edges.values() for blocker in named},
        key=lambda node: (ranks.get(node, 0.0), node),
    )
    order, parents = _settle(nodes, edges, queues or {})
    blocks = _reach(order, edges)
    return _draw(order, parents, edges, blocks)


def _settle(
    nodes: Sequence[int], edges: Mapping[int, Sequence[int]], queues: Mapping[int, Hashable]
) -> tuple[list[int], dict[int, int]]:
    """Place every node after those it waits for, as far as no circle forbids it."""
    waits_for = {node: set(edges.get(node, ())) for node in nodes}
    below: dict[int, list[int]] = {node: [] for node in nodes}
    for waiter in nodes:
        for blocker in edges.get(waiter, ()):
            below[blocker].append(waiter)
    position = {node: at for at, node in enumerate(nodes)}
    depths: dict[int, int] = {}
    parents: dict[int, int] = {}
    order: list[int] = []
    ready = [node for node in nodes if not waits_for[node]]
    while len(order) < len(nodes):
        if not ready:
            ready = [_circle_breaker(nodes, edges, depths)]
        node = ready.pop(0)
        if node in depths:
            continue
        parent = _parent(node, edges.get(node, ()), depths, queues)
        depths[node] = 0 if parent is None else depths[parent] + 1
        if parent is not None:
            parents[node] = parent
        order.append(node)
        for waiter in below[node]:
            waits_for[waiter].discard(node)
        freed = [each for each in below[node] if not waits_for[each] and each not in depths]
        ready = sorted({*ready, *freed}, key=position.__getitem__)
    return order, parents


def _circle_breaker(
    nodes: Sequence[int], edges: Mapping[int, Sequence[int]], depths: Mapping[int, int]
) -> int:
    """Return the one to place next when all that are left wait for each other."""
    left = [node for node in nodes if node not in depths]
    held = [node for node in left if any(blocker in depths for blocker in edges[node])]
    return (held or left)[0]


def _parent(
    node: int,
    named: Sequence[int],
    depths: Mapping[int, int],
    queues: Mapping[int, Hashable],
) -> int | None:
    placed = [blocker for blocker in named if blocker in depths]
    own = queues.get(node)
    holders = [each for each in placed if own is None or queues.get(each) != own]
    return max(holders or placed, key=lambda each: (depths[each], -each), default=None)


def _reach(order: Sequence[int], edges: Mapping[int, Sequence[int]]) -> dict[int, int]:
    """Count for every node who waits for it, directly or not, by sets kept as bits."""
    bit = {node: 1 << at for at, node in enumerate(order)}
    reached = dict.fromkeys(order, 0)
    changed = True
    while changed:
        changed = False
        for waiter in reversed(order):
            for blocker in edges.get(waiter, ()):
                both = reached[blocker] | reached[waiter] | bit[waiter]
                if both != reached[blocker]:
                    reached[blocker] = both
                    changed = True
    return {node: (reached[node] & ~bit[node]).bit_count() for node in order}


def _draw(
    order: Sequence[int],
    parents: Mapping[int, int],
    edges: Mapping[int, Sequence[int]],
    blocks: Mapping[int, int],
) -> tuple[Place, ...]:
    children: dict[int, list[int]] = {node: [] for node in order}
    for node in order:
        if node in parents:
            children[parents[node]].append(node)
    roots = [node for node in order if node not in parents]
    roots.sort(key=lambda node: (-blocks[node], node))
    places: list[Place] = []
    for root in roots:
        stack = [Place(root, root, 0, blocks[root], deadlock=root in edges)]
        while stack:
            place = stack.pop()
            places.append(place)
            below = [
                Place(child, root, place.depth + 1, blocks[child])
                for child in reversed(children[place.node])
            ]
            if below:
                below[0] = replace(below[0], last_child=True)
            stack.extend(below)
    return tuple(places)
