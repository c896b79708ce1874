"""Sweeps: every option that the bound takes is searched, so that bound and plans meet."""

import time

import numpy as np
import pytest

from siting.model.decomposition.components import site_groups, split
from siting.model.decomposition.money import first_price
from siting.model.decomposition.presolve import make_ready
from siting.model.decomposition.pricing import make_menu, open_ledger
from siting.model.decomposition.search import Desk, Effort, State, choose, dual_at, sweep
from siting.model.decomposition.sweep import hire


@pytest.fixture
def desk_of(street):
    """Return a function that gives the desk of a street of pieces under quotas, with one worker."""

    def make(seed: int, **options) -> Desk:
        problem = street(seed, **options)
        readies = [make_ready(piece) for piece in split(problem, site_groups(problem))]
        menu = make_menu(readies, problem.quotas.most if problem.quotas else np.empty(0, np.int64))
        effort = Effort(0.0, 0, "highs", time.perf_counter() + 60.0, 1e-6, 100)
        with hire(1) as crew:
            return Desk(readies, menu, problem.budget_cny or np.inf, crew, effort)

    return make


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 5])
def test_every_option_the_bound_takes_is_searched(desk_of, seed):
    desk = desk_of(seed, pieces=12)
    state, price, _ = first_price(desk, State(open_ledger(desk.menu, desk.readies), []))

    state = sweep(desk, state, price)

    taken = dual_at(desk, state.ledger, price).taken > 1e-6
    assert taken.any()
    assert state.ledger.solved[taken, state.ledger.place(price)].all()


@pytest.mark.parametrize("seed", [0, 1, 2, 3, 5])
def test_the_bound_of_a_sweep_is_not_below_its_plan(desk_of, seed):
    desk = desk_of(seed, pieces=12)
    state, price, _ = first_price(desk, State(open_ledger(desk.menu, desk.readies), []))

    state = choose(desk, sweep(desk, state, price))

    assert state.choice is not None
    assert state.bound >= state.choice.value * (1 - 1e-9)
