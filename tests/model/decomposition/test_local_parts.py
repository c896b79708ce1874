"""Floors and standing sites lie within a piece: priced apart they give the whole program's plan and a true bound."""

import numpy as np
import pytest

from siting.errors import InfeasibleError, SitingError
from siting.model.check import broken_limits, violations
from siting.model.contradictions import reachable_vehicles
from siting.model.decomposition.components import site_groups, split
from siting.model.flows import serve
from siting.model.options import SolverOptions
from siting.model.pieces import PieceOptions, solve_pieces
from siting.model.presolve import reduce_problem
from siting.model.problem import Problem
from siting.model.solution import Solution, Status
from siting.model.solver import solve

CLOSE = PieceOptions(gap=2e-3, seconds=20.0, engine="highs")


def with_floors(problem: Problem, seed: int) -> Problem:
    """Return the problem with groups of three demands, of which some have a floor that money may pay for or not."""
    rng = np.random.default_rng(seed)
    group = np.arange(len(problem.demands)) // 3
    grouped = problem.with_groups(group)
    reach = grouped.groups.sums(reachable_vehicles(grouped))
    return grouped.with_floors(vehicles=np.where(rng.random(len(reach)) < 0.4, 0.2 * reach, 0.0))


def with_existing(problem: Problem, seed: int) -> Problem:
    """Return the problem with a module at every fourth site, some of which may be removed for money."""
    rng = np.random.default_rng(seed)
    stands = (np.arange(len(problem.sites)) % 4 == 0) & ~np.isin(np.arange(len(problem.sites)), problem.locked_out)
    for clique in problem.cliques:  # one of a clique stands at most
        stands[clique[np.flatnonzero(stands[clique])[1:]]] = False
    removal = np.where(rng.random(len(problem.sites)) < 0.5, np.nan, 20.0)
    return problem.with_existing(stands.astype(int), removal)


PARTS = {
    "floors": with_floors,
    "existing": with_existing,
    "both": lambda problem, seed: with_existing(with_floors(problem, seed), seed),
}


def whole_plan(problem: Problem) -> Solution | None:
    """Return the whole program's plan, None if there is none."""
    try:
        solution = solve(problem, SolverOptions(gap=0.0, time_limit_s=20.0))
    except InfeasibleError:
        return None
    assert solution.status is Status.PROVEN
    return solution


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("seed", range(6))
def test_pieces_and_whole_agree(street, seed, part):
    try:
        problem = PARTS[part](street(seed, pieces=6), seed)
    except InfeasibleError:
        pytest.skip("the parts contradict each other before any search")
    whole = whole_plan(problem)

    if whole is None:
        with pytest.raises(SitingError, match="no plan"):
            solve_pieces(problem, CLOSE)
        return
    pieces = solve_pieces(problem, CLOSE)

    assert violations(problem, pieces) == ()
    assert pieces.bound >= whole.objective - 1e-6
    assert pieces.objective == pytest.approx(whole.objective, rel=5e-3, abs=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_a_group_with_a_floor_lies_in_one_piece(street, seed):
    problem = with_floors(street(seed, pieces=6), seed)

    _, piece_of = site_groups(problem)

    walks, asked = problem.walks, problem.floors.asked
    for group in asked:
        reached = walks.j[problem.groups.group[walks.i] == group]
        assert len(np.unique(piece_of[reached])) <= 1
    floors = [piece.problem.floors.least for piece in split(problem) if piece.problem.floors is not None]
    assert sorted(np.concatenate(floors)) == pytest.approx(sorted(problem.floors.least[asked]))


@pytest.mark.parametrize("seed", range(6))
def test_presolve_keeps_floors(street, seed):
    """The reduced problem has the same optimum: no demand is joined with one of another floor."""
    problem = with_floors(street(seed, pieces=4), seed)
    small = reduce_problem(problem)
    whole, reduced = whole_plan(problem), whole_plan(small.problem)

    assert (whole is None) == (reduced is None)
    if whole is not None and reduced is not None:
        assert reduced.objective == pytest.approx(whole.objective)
        modules = small.expand(reduced.modules)
        assert tuple(broken_limits(problem, modules, serve(problem, modules))) == ()
