"""A menu against one program for the whole: what it says of any budget, service and years holds."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from siting.errors import DataError, UsageError
from siting.model.menu import read_book, write_book
from siting.model.menu_answers import for_budget, for_service, for_years
from siting.model.menu_making import MenuOptions, make_book
from siting.model.solver import SolverOptions, solve

EXACT = SolverOptions(gap=0.0, time_limit_s=20.0)


@pytest.mark.parametrize("seed", [0, 1, 2, 4, 5, 7])
def test_any_budget_has_a_plan_and_a_bound_that_hold(street, seed):
    problem = street(seed)
    book = make_book(problem, MenuOptions(prices=8))
    free = replace(problem, budget_cny=None)
    ratios = []

    for budget in (0.0, 150.0, 420.0, 5_000.0):
        answer = for_budget(book, budget)
        best = solve(free.with_budget(budget), EXACT).objective

        assert answer.cost_cny <= budget + 1e-6
        assert answer.objective <= best + 1e-6
        assert answer.bound >= best - 1e-6
        assert answer.objective <= answer.bound
        ratios.append(answer.objective / max(best, 1e-9) if best > 1e-6 else 1.0)
    assert min(ratios) > 0.8
    assert np.mean(ratios) > 0.95


@pytest.mark.parametrize("seed", [0, 1, 4])
def test_the_plan_of_an_answer_serves_and_costs_what_it_says(street, seed):
    from siting.model.finish import spent_cny
    from siting.model.flows import serve, service_of

    problem = street(seed)
    book = make_book(problem, MenuOptions(prices=6))
    answer = for_budget(book, 300.0)
    modules = book.modules(answer.columns)

    assert spent_cny(problem, modules) == pytest.approx(answer.cost_cny)
    assert service_of(problem, serve(problem, modules)) == pytest.approx(answer.service, abs=1e-6)


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_the_least_cost_of_a_service_lies_above_its_bound(street, seed):
    problem = replace(street(seed), budget_cny=None)
    book = make_book(problem, MenuOptions(prices=8))
    most = solve(problem, EXACT).objective

    for share in (0.3, 0.7, 0.95):
        answer = for_service(book, share * most)

        assert answer.reached
        assert answer.service >= share * most - 1e-6
        assert answer.bound <= answer.objective + 1e-6
        # no plan that costs a little less than the bound serves so much
        cheaper = solve(problem.with_budget(max(answer.bound - 1.0, 0.0)), EXACT)
        assert cheaper.objective < share * most or answer.bound < 1.0


def test_a_service_beyond_everybody_is_said_to_be_out_of_reach(street):
    book = make_book(street(1), MenuOptions(prices=4))

    answer = for_service(book, 2 * book.wanted)

    assert not answer.reached
    assert answer.columns == ()


@pytest.mark.parametrize("seed", [1, 4])
def test_years_hold_their_budgets_and_stay_under_every_bound(street, seed):
    problem = replace(street(seed, pieces=3), budget_cny=None)
    book = make_book(problem, MenuOptions(prices=8))
    answer = for_years(book, [100.0, 150.0])
    cost = np.zeros(2)
    for number, (column, year) in enumerate(zip(answer.columns, answer.year, strict=True)):
        before = answer.grown_from(number)
        cost[year] += column.cost_cny - (before.cost_cny if before else 0.0)
        stood = dict(zip(before.site.tolist(), before.modules.tolist(), strict=True)) if before else {}
        built = dict(zip(column.site.tolist(), column.modules.tolist(), strict=True))
        assert all(built.get(site, 0) >= count for site, count in stood.items())  # nothing is torn down

    assert (np.cumsum(cost) <= np.array([100.0, 250.0]) + 1e-6).all()
    assert answer.objective <= answer.bound + 1e-9
    assert answer.objective >= _years_by_force(book, (100.0, 150.0)) - 1e-6  # pieces may also grow


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_few_pieces_are_answered_within_a_hundredth(street, seed):
    problem = replace(street(seed, pieces=3), budget_cny=None)
    book = make_book(problem, MenuOptions(prices=8))
    dearest = {column.piece: column.cost_cny for column in sorted(book.columns, key=lambda each: each.cost_cny)}
    answers = [for_budget(book, share * sum(dearest.values())) for share in np.linspace(0.1, 1.0, 10)]

    assert len(book.windows)
    assert max(answer.gap for answer in answers if answer.objective > 0) <= 0.01


def test_a_draft_of_a_killed_process_is_cleaned_up(street, tmp_path):
    (tmp_path / ".menu.npz.999999999").write_bytes(b"half")

    write_book(make_book(street(1), MenuOptions(prices=2)), tmp_path / "menu.npz")

    assert [path.name for path in tmp_path.iterdir()] == ["menu.npz"]


def _years_by_force(book, budgets):
    """Return the best over all ways to take one column or none of each piece, in one of the years."""
    per_piece = [[None] for _ in range(book.pieces)]
    for column in book.columns:
        per_piece[column.piece] += [(column, year) for year in range(len(budgets))]
    best = 0.0
    for chosen in product(*per_piece):
        cost, quota, value = np.zeros(len(budgets)), np.zeros(len(book.menu.quota)), 0.0
        for column, year in filter(None, chosen):
            cost[year] += column.cost_cny
            value += column.value * (1.0 - year / len(budgets))
            for d, n in column.quota:
                quota[d] += n
        if (np.cumsum(cost) <= np.cumsum(budgets) + 1e-6).all() and (quota <= book.menu.quota + 1e-9).all():
            best = max(best, value)
    return best


def test_a_book_is_written_and_read_unchanged(street, tmp_path):
    book = replace(make_book(street(1), MenuOptions(prices=4)), key="abc", notes=("one", "two"))
    write_book(book, tmp_path / "menu.npz")

    again = read_book(tmp_path / "menu.npz")

    assert (again.key, again.notes, again.sites) == ("abc", ("one", "two"), book.sites)
    assert for_budget(again, 200.0).objective == for_budget(book, 200.0).objective
    assert for_budget(again, 200.0).bound == for_budget(book, 200.0).bound


def test_a_spoilt_book_is_one_clear_line(tmp_path):
    (tmp_path / "menu.npz").write_bytes(b"PK\x03\x04 no menu")

    with pytest.raises(DataError, match="is no menu"):
        read_book(tmp_path / "menu.npz")
    with pytest.raises(DataError, match="no such menu"):
        read_book(tmp_path / "other.npz")


def test_wrong_questions_are_refused(street):
    book = make_book(street(1), MenuOptions(prices=2))

    for ask in (lambda: for_budget(book, -1.0), lambda: for_service(book, float("nan")), lambda: for_years(book, [])):
        with pytest.raises(UsageError):
            ask()
