"""The blocking tree: true roots, each session once, an order that stays."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from pgdeck.core.blocking import Place, blocking_tree


def drawn(places: tuple[Place, ...]) -> list[tuple[int, int, int]]:
    return [(place.node, place.depth, place.blocks) for place in places]


def test_a_chain_stands_on_the_one_who_waits_for_nobody() -> None:
    places = blocking_tree({2: (1,), 3: (2,), 4: (3,)})

    assert drawn(places) == [(1, 0, 3), (2, 1, 2), (3, 2, 1), (4, 3, 0)]
    assert {place.root for place in places} == {1}


def test_those_behind_the_head_of_a_row_lock_queue_hang_below_it_and_count_for_the_root() -> None:
    places = blocking_tree({2: (1,), 3: (2,), 4: (2, 3)}, {2: "xid 7", 3: "row", 4: "row"})

    assert drawn(places) == [(1, 0, 3), (2, 1, 2), (3, 2, 1), (4, 2, 0)]
    assert [place.last_child for place in places] == [False, True, False, True]


def test_a_queue_for_one_lock_is_drawn_flat_below_its_holder() -> None:
    queue = {pid: tuple(range(1, pid)) for pid in range(2, 100)}

    places = blocking_tree(queue, dict.fromkeys(queue, "messages"))

    assert max(place.depth for place in places) == 1
    assert places[0].blocks == 98


def test_a_waiter_with_two_blockers_appears_once_and_counts_for_both() -> None:
    places = blocking_tree({3: (1, 2)})

    assert sorted(place.node for place in places) == [1, 2, 3]
    assert {place.node: place.blocks for place in places} == {1: 1, 2: 1, 3: 0}


def test_a_circle_ends_and_is_called_a_deadlock() -> None:
    places = blocking_tree({1: (2,), 2: (1,), 3: (1,)})

    assert sorted(place.node for place in places) == [1, 2, 3]
    assert [place.deadlock for place in places] == [True, False, False]
    assert places[0].blocks == 2


def test_a_circle_behind_a_session_hangs_below_it() -> None:
    places = blocking_tree({2: (1, 3), 3: (2,)})

    assert places[0].node == 1
    assert not any(place.deadlock for place in places)


def test_nobody_waits_for_himself() -> None:
    assert blocking_tree({1: (1,)}) == ()
    assert blocking_tree({1: ()}) == ()


def test_siblings_keep_their_order_by_who_waits_longest() -> None:
    ranks = {2: -5.0, 3: -9.0, 4: -1.0}

    places = blocking_tree({2: (1,), 3: (1,), 4: (1,)}, rank=ranks)

    assert [place.node for place in places] == [1, 3, 2, 4]


def test_the_root_that_blocks_most_comes_first() -> None:
    assert [p.node for p in blocking_tree({2: (1,), 4: (3,), 5: (3,)}) if not p.depth] == [3, 1]


EDGES = st.dictionaries(st.integers(1, 12), st.lists(st.integers(1, 12), max_size=4), max_size=12)


@given(EDGES, st.randoms(use_true_random=False))
def test_any_graph_gives_each_session_once_below_somebody_it_waits_for(
    edges: dict[int, list[int]], chance: random.Random
) -> None:
    places = blocking_tree(edges)

    involved = {w for w, named in edges.items() if set(named) - {w}}
    involved |= {b for w in involved for b in edges[w]}
    assert sorted(place.node for place in places) == sorted(involved)
    line: list[int] = []
    for place in places:
        del line[place.depth :]
        if line:
            assert line[-1] in edges[place.node]
            assert place.root == line[0]
        line.append(place.node)
    shuffled = list(edges.items())
    chance.shuffle(shuffled)
    assert blocking_tree(dict(shuffled)) == places
