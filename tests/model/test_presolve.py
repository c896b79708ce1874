import numpy as np
import pytest

from siting.model.parts import Demands, Sites, Walks
from siting.model.presolve import reduce_problem
from siting.model.problem import Problem
from siting.model.relaxation import service_limit


def test_tiny_sites_need_no_more_modules_than_they_fill(tiny):
    reduction = reduce_problem(tiny)

    # site 1 reaches 50 vehicles = 3 modules, but has 2; nothing goes
    assert reduction.site.tolist() == [0, 1, 2]
    assert reduction.problem.sites.max_modules.tolist() == [1, 2, 1]


def test_equal_demands_join_and_unreached_sites_go():
    # demands 0 and 2 reach site 0 alone, demand 1 reaches nothing, nobody reaches site 1
    problem = Problem(
        Demands([10.0, 5.0, 20.0], [1.0, 1.0, 1.0]),
        Sites([1.0, 1.0], [1.0, 1.0], [9, 9], [12.0, 12.0], [0.0, 0.0]),
        Walks([0, 2], [0, 0], [30.0, 20.0]),
    ).maximise_service()
    reduction = reduce_problem(problem)

    assert reduction.site.tolist() == [0]
    assert reduction.problem.demands.vehicles.tolist() == [30.0]
    assert reduction.problem.walks.walk_m.tolist() == [20.0]
    assert reduction.problem.sites.max_modules.tolist() == [3]  # 30 vehicles / 12
    assert reduction.expand(np.array([2])).tolist() == [2, 0]


def test_a_dominated_size_goes_only_inside_its_clique(tiny):
    # site 2 reaches less than site 0 and is cheaper; make it dearer and it is dominated once they exclude each other
    dear = Problem(
        tiny.demands, Sites([100, 150, 110], [50, 60, 50], [1, 2, 1], [24.0] * 3, [0.0] * 3), tiny.walks
    ).maximise_service()

    assert reduce_problem(dear).site.tolist() == [0, 1, 2]
    assert reduce_problem(dear.with_cliques([[0, 2]])).site.tolist() == [0, 1]
    assert reduce_problem(dear.with_cliques([[0, 2]]).with_locks(locked_in=[2])).site.tolist() == [0, 1, 2]


def test_transformers_count_in_whole_modules(tiny):
    # 3 kVA a module: 5 carries one module, 5 + 4 three; a third step of 100 kVA could feed one more at most
    problem = tiny.with_transformers([5.0], [0, 0, 0], [3.0] * 3, [[(4.0, 50.0), (100.0, 60.0)]])
    part = reduce_problem(problem).problem.transformers

    assert part.spare_kva.tolist() == [3.0]
    assert part.steps == (((6.0, 50.0), (3.0, 60.0)),)


def test_money_alone_limits_the_service(tiny):
    # 270 CNY buy site 1 with 2 modules = 48 vehicles, each at most of weight 2
    assert service_limit(reduce_problem(tiny.with_budget(150)).problem, 10.0) == pytest.approx(48)  # site 0: 24 x 2
    assert service_limit(reduce_problem(tiny).problem, 10.0) == pytest.approx(70)  # everybody


@pytest.mark.parametrize("seed", range(500, 540))
def test_reduction_and_limit_keep_the_best_service(seed, random_problem, brute_force):
    problem = random_problem(seed)
    reduction = reduce_problem(problem)
    best = brute_force(problem)[0]

    assert brute_force(reduction.problem)[0] == pytest.approx(best, abs=1e-5)
    assert service_limit(reduction.problem, 10.0) >= best - 1e-6
