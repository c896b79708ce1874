"""What ties sites together, and the ways to use a piece."""

from dataclasses import replace

import numpy as np

from siting.model.decomposition.components import options_of, site_groups, split
from siting.model.decomposition.record import Piece
from siting.model.parts import Demands, Sites, Walks
from siting.model.problem import Problem


def row_of_sites(count: int, walks: list[tuple[int, int]]) -> Problem:
    """`count` sites; each walk is (demand, site)."""
    ordered = np.array(sorted(walks))
    demands = int(ordered[:, 0].max()) + 1
    return Problem(
        Demands(np.full(demands, 10.0), np.ones(demands)),
        Sites(np.full(count, 5.0), np.ones(count), np.full(count, 2), np.full(count, 20.0), np.zeros(count)),
        Walks(ordered[:, 0], ordered[:, 1], np.ones(len(ordered))),
    ).maximise_service()


def groups_of(problem: Problem) -> list[int]:
    return site_groups(problem)[1].tolist()


def test_a_demand_ties_the_sites_it_walks_to():
    assert groups_of(row_of_sites(3, [(0, 0), (0, 1), (1, 2)])) == [0, 0, 1]


def test_a_clique_a_transformer_and_a_compound_tie_sites():
    apart = row_of_sites(4, [(0, 0), (1, 1), (2, 2), (3, 3)])

    assert groups_of(apart) == [0, 1, 2, 3]
    assert groups_of(apart.with_cliques([[0, 3]])) == [0, 1, 2, 0]
    assert groups_of(apart.with_transformers([5.0, np.nan], [0, 0, 1, 1], np.ones(4), [(), ()])) == [0, 0, 1, 2]
    assert groups_of(apart.with_quotas([0, 1, 2, 2], [0, 0, 0], [1])) == [0, 1, 2, 2]


def test_pieces_hold_every_used_site_once_and_drop_the_rest():
    problem = row_of_sites(4, [(0, 0), (0, 1), (1, 3)]).with_cliques([[0, 1]]).with_locks(locked_out=[3])

    pieces = list(split(problem))

    assert [piece.site.tolist() for piece in pieces] == [[0, 1]]
    assert [clique.tolist() for clique in pieces[0].problem.cliques] == [[0, 1]]
    assert pieces[0].walk.tolist() == [0, 1]


def piece_of(compounds: int, districts: list[int]) -> Piece:
    problem = row_of_sites(compounds, [(0, j) for j in range(compounds)])
    return Piece(0, problem, np.arange(compounds), np.arange(compounds), np.arange(compounds), np.array(districts))


def test_a_pair_has_three_options():
    options = options_of(piece_of(2, [0, 0]))

    assert [(option.allowed, option.quota) for option in options] == [
        ((0,), ((0, 1),)),
        ((1,), ((0, 1),)),
        ((0, 1), ((0, 2),)),
    ]


def test_a_pair_over_two_districts_takes_from_both_quotas():
    assert options_of(piece_of(2, [0, 4]))[2].quota == ((0, 1), (4, 1))


def test_five_compounds_are_counted_and_forty_are_free():
    assert [option.quota for option in options_of(piece_of(5, [7] * 5))] == [((7, k),) for k in range(1, 6)]
    assert [option.quota for option in options_of(piece_of(40, [7] * 40))] == [()]


def test_an_option_without_a_locked_compound_is_none():
    free = piece_of(2, [0, 0])
    locked = replace(free, problem=free.problem.with_locks(locked_in=[1]))

    assert [option.allowed for option in options_of(locked)] == [(1,), (0, 1)]
