"""The worth of a site against trying every plan without it."""

from dataclasses import replace

import numpy as np
import pytest

from siting.model.parts import Locks
from siting.model.solver import SolverOptions, solve
from siting.model.worth import worth_of_sites

EXACT = SolverOptions(gap=0.0)


def test_a_site_is_worth_what_nobody_else_can_serve(tiny):
    # With 270 CNY site 1 (two modules) serves 20 heavy and 28 light vehicles: 68. Without it 270 CNY build site 0
    # (150 CNY, 24 places) and not site 2 (140 CNY more): 20 heavy, 4 light = 44.
    problem = tiny.with_budget(270)
    (worth,) = worth_of_sites(problem, solve(problem, EXACT), np.arange(3), EXACT)

    assert (worth.site, worth.instead) == (1, ((0, 1),))
    assert worth.is_exact
    assert worth.loss_at_most == pytest.approx(68 - 44)


def test_a_place_falls_through_with_all_its_layouts(tiny):
    # Sites 0 and 1 are layouts of one place: what is left is site 2 for the 20 heavy vehicles.
    problem = tiny.with_budget(270)
    (worth,) = worth_of_sites(problem, solve(problem, EXACT), np.array([7, 7, 8]), EXACT)

    assert worth.instead == ((2, 1),)
    assert worth.loss_at_most == pytest.approx(68 - 40)


@pytest.mark.parametrize("seed", range(40))
def test_the_loss_is_that_of_brute_force(seed, random_problem, brute_force):
    problem = random_problem(seed)
    solution = solve(problem, EXACT)

    for worth in worth_of_sites(problem, solution, np.arange(len(problem.sites)), EXACT):
        out = np.union1d(problem.locked_out, [worth.site])
        other, _ = brute_force(replace(problem, locks=Locks(problem.locked_in, out)))
        assert worth.loss_at_least - 1e-5 <= solution.objective - other <= worth.loss_at_most + 1e-5
        assert worth.is_exact


def test_many_pieces_are_answered_in_the_piece_alone(monkeypatch, made_district):
    problem = made_district(places=6, buildings=8, budget_cny=90_000)
    solution = solve(problem, EXACT)
    place = np.repeat(np.arange(6), 3)
    whole = worth_of_sites(problem, solution, place, EXACT)
    monkeypatch.setattr("siting.model.worth.in_many_pieces", lambda _problem: True)

    parts = worth_of_sites(problem, solution, place, EXACT)

    assert [worth.site for worth in parts] == [worth.site for worth in whole]
    for part, exact in zip(parts, whole, strict=True):
        assert part.loss_at_least <= exact.loss_at_least + 1e-6
        assert part.loss_at_most >= exact.loss_at_most - 1e-6


def test_a_locked_site_may_fall_through_too(tiny):
    problem = tiny.with_budget(270).with_locks(locked_in=[0])
    solution = solve(problem, EXACT)

    worths = {worth.site: worth for worth in worth_of_sites(problem, solution, np.arange(3), EXACT)}

    assert worths[0].loss_at_most == 0.0  # without the lock site 1 serves more: nothing is lost
    assert worths[0].loss_at_least == 0.0
