from dataclasses import replace

import numpy as np
import pytest

from siting.errors import InfeasibleError, UsageError
from siting.model.parts import Demands, Locks, Sites, Walks
from siting.model.problem import Problem
from siting.model.solver import solve


def test_print_reads_like_the_method_section(tiny):
    text = str(
        tiny.with_budget(270)
        .with_cliques([[0, 1]])
        .with_transformers([5.0, np.nan], [0, 0, -1], [3.0] * 3, [[(4.0, 50.0)], []])
        .with_locks(locked_in=[2])
    )

    assert text.splitlines() == [
        "maximise     sum_ij w_i f_ij    weighted vehicles served",
        "then         at that service the least sum of cost, 0.1 CNY per metre and vehicle walked "
        "and 2000 CNY per demerit",
        "demands i    2 with 50.0 vehicles, weight 1 to 2",
        "sites j      3 of 1 to 2 modules, 24 vehicles a module, 90 to 150 CNY to open, 50 to 60 CNY a module",
        "walks ij     5 of 5 to 40 m; 2 demands reach at least one site",
        "subject to",
        "  demand     sum_j f_ij <= d_i    a vehicle is served at most once (2 rows)",
        "  capacity   sum_i f_ij <= c_j n_j    a site serves what its modules hold (3 rows)",
        "  modules    n_j <= M_j x_j    only at open sites, at most M_j modules",
        "  cliques    sum_j x_j <= 1    one site of each of 1 groups of 2 that exclude each other",
        "  power      sum_j p_j n_j <= spare_t + upgrades    1 transformers with 5 kVA spare and 1 upgrade steps",
        "             1 transformers of unknown spare capacity: no limit there",
        "             1 sites without a known transformer: no limit there",
        "  budget     sum_j open_j x_j + module_j n_j + upgrades <= 270 CNY",
        "  locks      1 sites locked in, 0 locked out",
    ]


def test_parts_keep_read_only_copies():
    vehicles = np.array([1.0, 2.0])
    demands = Demands(vehicles, np.ones(2))
    vehicles[0] = 9.0

    assert demands.vehicles.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        demands.vehicles[0] = 9.0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda: Demands([-1.0], [1.0]), r"vehicles\[0\] is -1.0"),
        (lambda: Demands([1.0, np.nan], [1.0, 1.0]), r"vehicles\[1\] is nan"),
        (lambda: Demands([1.0], [1.0, 2.0]), r"weight has shape \(2,\), not \(1,\)"),
        (lambda: Sites([1.0], [1.0], [0], [1.0], [0.0]), r"max_modules\[0\] is 0: must be a whole number of 1 or more"),
        (lambda: Sites([1.0], [1.0], [1.5], [1.0], [0.0]), r"max_modules\[0\] is 1.5"),
        (lambda: Sites([1.0], [1.0], [1], [1.0], [0.0], ("a", "b")), "names has 2 entries"),
        (lambda: Walks([1, 0], [0, 0], [1.0, 1.0]), "sorted by demand and site"),
        (lambda: Walks([0, 0], [1, 1], [1.0, 1.0]), "each pair once"),
    ],
)
def test_parts_refuse_what_cannot_be(wrong, message):
    with pytest.raises(UsageError, match=message):
        wrong()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda p: p.with_budget(-1), "budget must be a number of CNY, 0 or more, not -1"),
        (lambda p: p.with_budget(float("nan")), "budget must be"),
        (lambda p: p.with_budget(1).with_budget(2), "already has a budget"),
        (lambda p: p.maximise_service(), "already has a goal"),
        (lambda p: replace(p, goal=None).maximise_service(walk_penalty=-1), "walk_penalty"),
        (lambda p: p.with_cliques([[0, 3]]), "clique 0 names number 3, but there are only 3"),
        (lambda p: p.with_cliques([[0, 1]]).with_cliques([[0, 1]]), "already has cliques"),
        (
            lambda p: p.with_transformers([1.0], [0, 0, 1], [1.0] * 3, [[]]),
            "feeds names transformer 1",
        ),
        (lambda p: p.with_transformers([1.0], [0, 0], [1.0] * 2, [[]]), "feeds has 2 entries, but there are 3 sites"),
        (lambda p: p.with_transformers([1.0], [0] * 3, [1.0] * 3, []), "steps has 0 entries"),
        (lambda p: p.with_transformers([1.0], [0] * 3, [1.0] * 3, [[(-1.0, 5.0)]]), r"upgrade kva\[0\] is -1.0"),
        (lambda p: p.with_locks(locked_in=[-1]), "locked_in"),
        (lambda p: p.with_locks().with_locks(), "already has locks"),
        (lambda p: p.minimise_cost(service=1), "already has a goal"),
        (lambda p: replace(p, goal=None).minimise_cost(service=-1), "service must be weighted vehicles"),
        (lambda p: replace(p, goal=None).minimise_cost(service="most"), "or 'all', not 'most'"),
        (lambda p: replace(p, goal=None).maximise_margin(), r"give Sites\(margin_m=...\)"),
        (lambda p: p.with_service_floor(1).with_service_floor(2), "already has a service floor"),
        (lambda p: p.with_walking_limit(-1), "walking limit must be vehicle-metres"),
        (lambda p: p.with_floors(share=0.5), "floors need groups"),
        (lambda p: p.with_groups([0, 1]).with_floors(share=1.5), "floor share of group 0 is 1.5: must be 0 to 1"),
        (lambda p: p.with_groups([0]), "groups name 1 demands, but there are 2"),
        (lambda p: p.with_groups([0, 2], names=("a", "b")), "groups name group 2, but there are only 2"),
        (lambda p: p.with_groups([0, 1]).with_groups([0, 1]), "already has groups"),
        (lambda p: p.with_count(most=1.5), "most sites must be a whole number"),
        (lambda p: p.with_count(least=2, most=1), "at least 2 sites and at most 1 cannot both hold"),
        (lambda p: p.with_existing([1, 0]), "existing has 2 entries, but there are 3 sites"),
        (lambda p: p.with_existing([2, 0, 0]), "2 modules stand at site 0, which holds at most 1"),
        (lambda p: p.with_existing([1, 0, 0], [-1.0, 0, 0]), r"removal_cost_cny\[0\] is -1.0"),
    ],
)
def test_a_wrong_part_is_refused_when_added(tiny, wrong, message):
    with pytest.raises(UsageError, match=message):
        wrong(tiny)


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (lambda p: p.with_locks(locked_in=[1], locked_out=[1]), "site 1 is locked in and locked out at once"),
        (lambda p: p.with_cliques([[0, 1]]).with_locks(locked_in=[0, 1]), "site 0 and site 1 are both locked in"),
        (lambda p: p.with_locks(locked_in=[0, 1]).with_cliques([[0, 1]]), "site 0 and site 1 are both locked in"),
        (lambda p: p.with_locks(locked_in=[0]).with_budget(149), "cost at least 150 CNY .* budget is 149 CNY"),
        (
            lambda p: p.with_transformers([1.0], [0] * 3, [3.0] * 3, [[(2.0, 9.0)]]).with_locks(locked_in=[0, 1]),
            "draw 6.0 kVA from transformer 0, which carries 3.0 kVA",
        ),
        (
            lambda p: (
                p.with_transformers([1.0], [0] * 3, [3.0] * 3, [[(2.0, 9.0)]])
                .with_locks(locked_in=[0])
                .with_budget(155)
            ),
            "and 9 CNY for the transformer upgrades",
        ),
        (lambda p: p.with_service_floor(71), "service of 71.0 .* of all 70.0 only 70.0"),
        (lambda p: p.with_service_floor("all").with_locks(locked_out=[0, 1]), "of all 70.0 only 40.0"),
        (
            lambda p: p.with_groups([0, 1], names=("a", "b")).with_floors(share=0.5).with_locks(locked_out=[0, 1]),
            "floor of a is 15.0 vehicles, but of its 30.0 only 0.0",
        ),
        (lambda p: p.with_count(most=1).with_locks(locked_in=[0, 1]), "2 sites are locked in .* at most 1 may be open"),
        (lambda p: p.with_count(least=3).with_locks(locked_out=[0]), "at least 3 sites .* only 2 may be open"),
        (lambda p: p.with_existing([1, 0, 0]).with_locks(locked_out=[0]), "site 0 is locked out, but stands and may"),
        (
            lambda p: p.with_existing([1, 1, 0]).with_cliques([[0, 1]]),
            "site 0 stands and may not be removed and site 1 stands and may not be removed, but they exclude",
        ),
        (
            lambda p: p.with_existing([1, 0, 0], [40.0, 0, 0]).with_locks(locked_out=[0]).with_budget(39),
            "removals 40 CNY, but the budget is 39 CNY",
        ),
    ],
)
def test_parts_that_collide_are_named(tiny, parts, message):
    with pytest.raises(InfeasibleError, match=message):
        parts(tiny)


def test_verbs_leave_the_problem_as_it_was(tiny):
    tiny.with_budget(10).with_cliques([[0, 1]]).with_locks(locked_out=[0])

    assert (tiny.budget_cny, tiny.cliques, tiny.locks) == (None, (), None)


def test_cliques_are_sorted_distinct_and_of_two_or_more(tiny):
    problem = tiny.with_cliques([[2, 1], [0], [1, 2], [0, 2]])

    assert [clique.tolist() for clique in problem.cliques] == [[0, 2], [1, 2]]


def test_walks_to_nowhere_are_refused(tiny):
    with pytest.raises(UsageError, match="a walk names site 7"):
        Problem(tiny.demands, tiny.sites, Walks([0], [7], [1.0]))


def test_names_stand_in_messages(tiny):
    sites = replace(tiny.sites, names=("way/1#a", "way/2#a", "way/3#a"))
    with pytest.raises(InfeasibleError, match="way/2#a is locked in and locked out"):
        replace(tiny, sites=sites).with_locks(locked_in=[1], locked_out=[1])


def test_locks_are_sorted():
    assert Locks([3, 1, 1], []).locked_in.tolist() == [1, 3]


def test_print_states_every_goal_and_part(tiny):
    bare = replace(tiny, goal=None, sites=replace(tiny.sites, margin_m=np.array([0.5, 1.0, 2.0])))
    text = str(
        bare.maximise_margin(service=40)
        .with_walking_limit(900)
        .with_groups([0, 1])
        .with_floors(share=0.5)
        .with_count(least=1, most=2)
        .with_existing([1, 0, 1], [np.nan, np.nan, 30.0])
    ).splitlines()

    assert text[:4] == [
        "maximise     m <= margin_j at every new site    clearance beyond what the clauses require, in metres",
        "then         at that margin the least cost in CNY",
        "then         at that cost the most weighted vehicles served",
        "then         at that service the least sum of cost, 0.1 CNY per metre and vehicle walked "
        "and 2000 CNY per demerit",
    ]
    assert text[-5:] == [
        "  service    sum_ij w_i f_ij >= 40.0 weighted vehicles, 57.1 % of all",
        "  walking    sum_ij l_ij f_ij <= 900 vehicle-metres",
        "  floors     sum_ij f_ij >= F_g    at least 10 to 15 vehicles in 2 of 2 groups",
        "  count      sum_j x_j    at least 1 and at most 2 open sites",
        "  existing   e_j x_j <= n_j    2 sites of 2 modules stand, kept free of cost and expanded at module cost; "
        "1 may be removed at a price",
    ]
    assert "1 of 2 groups are counted" in str(bare.with_groups([0, 1]).with_locks(locked_out=[0, 1]).maximise_floor())


def test_a_goal_that_asks_for_nothing_is_refused_when_solved(tiny):
    with pytest.raises(UsageError, match="the least cost has a plan of nothing"):
        solve(replace(tiny, goal=None).minimise_cost())
    with pytest.raises(UsageError, match="needs groups with vehicles that can walk"):
        solve(replace(tiny, goal=None).maximise_floor())


def test_limits_that_only_a_search_finds_to_collide_are_named(tiny):
    problem = replace(tiny, goal=None).with_groups([0, 1], names=("a", "b")).with_floors(share=0.9)
    with pytest.raises(InfeasibleError, match=r"budget 150 CNY; floors of 2 groups \(a, b\)"):
        solve(problem.with_budget(150).minimise_cost())
