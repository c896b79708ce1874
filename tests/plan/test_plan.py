"""A solution becomes a plan; the ground is drawn in framing_builders.py, sheds cost 1,000 + 1,000 CNY a module."""

from dataclasses import replace

import numpy as np
import pytest
from framing_builders import STEPS, framed
from shapely import Point

from siting.framing import Limits
from siting.model.check import violations
from siting.model.solution import Status
from siting.model.solver import SolverOptions, solve
from siting.plan.plan import make_plan


def planned(limits, **options):
    framing = framed(limits, **options)
    solution = solve(framing.problem, SolverOptions(gap=0.0))
    assert violations(framing.problem, solution) == ()
    return make_plan(framing, solution)


def test_one_shed_of_two_modules_by_hand():
    # 3,000 CNY: s2 with 2 modules = 48 of the 50 vehicles; b2 weighs double, so its 30 come first, then 18 of b1
    plan = planned(Limits(3000.0))
    site = plan.sites.loc["s2"]

    assert list(plan.sites.index) == ["s2"]
    assert (site["modules"], site["ports"], site["power_kw"], site["cost_cny"]) == (2, 20, 5.0, 3000.0)
    assert (site["outcome"], site["tier"], site["year"]) == ("PASS", "implement", 0)
    assert site["served"] == pytest.approx(48)
    assert site["households_served"] == pytest.approx(30 + 10 * 18 / 20)
    assert plan.links["building_id"].tolist() == ["b1", "b2"]
    assert plan.links["site_id"].tolist() == ["s2", "s2"]
    assert plan.links["served"].to_numpy() == pytest.approx([18, 30])
    assert plan.links["walk_m"].tolist() == [50.0, 30.0]
    assert (plan.spent_cny, plan.demand, plan.upgrades) == (3000.0, 50.0, {})
    assert plan.served == pytest.approx(48)
    assert plan.reasons[0].en == "Money is the limit: 0 CNY are left, the cheapest step further costs 2,000 CNY."


def test_a_budget_for_nothing_is_an_empty_plan_that_says_why():
    plan = planned(Limits(1500.0))

    assert plan.sites.empty
    assert plan.links.empty
    assert plan.spent_cny == 0
    assert plan.reasons[0].en == "The budget of 1,500 CNY is below the cheapest lawful site with one module, 2,000 CNY."
    assert "1,500 元" in plan.reasons[0].zh


def test_enough_money_serves_all_in_reach_and_says_what_is_left():
    plan = planned(Limits(50_000.0))

    assert plan.served == pytest.approx(50)
    assert plan.spent_cny == 5000  # s1 takes a module and s2 two, or s2 one and s3 two: 2,000 + 3,000
    assert plan.reasons[0].en == "Every vehicle in reach of a lawful place is served; 45,000 CNY are left."


def test_no_lawful_place_is_an_empty_plan_that_says_why():
    plan = planned(Limits(5000.0), accepted=("s1",))
    empty = make_plan(plan.framing, replace(plan.solution, modules=np.zeros(1, int), served=np.zeros(1)))

    assert list(plan.sites.index) == ["s1"]
    assert any("30 of 50 vehicles have no lawful place within 200 m" in reason.en for reason in plan.reasons)
    assert empty.sites.empty


def test_an_upgrade_is_bought_and_paid():
    # 2.5 kVA carry one module of 2.11 kVA; the second asks for the step of 9,000 CNY
    thin = [("t1", Point(100, -20), {"spare_kva": 2.5, "upgrade_steps": STEPS})]
    plan = planned(Limits(20_000.0), transformers=thin)

    assert plan.upgrades == {"t1": 9000.0}
    assert plan.spent_cny == plan.sites["cost_cny"].sum() + 9000
    assert set(plan.sites["transformer_id"]) == {"t1"}


def test_a_full_transformer_without_steps_leaves_money_idle_and_says_so():
    plan = planned(Limits(20_000.0), transformers=[("t1", Point(100, -20), {"spare_kva": 2.5})])

    assert plan.sites["modules"].sum() == 1
    assert "18,000 CNY stay idle" in plan.reasons[0].en
    assert "beyond what transformer t1 carries" in plan.reasons[0].en


def test_money_left_by_a_search_cut_short_is_not_called_useless():
    plan = planned(Limits(50_000.0))
    none = {"modules": np.zeros(3, int), "served": np.zeros(len(plan.solution.served)), "spent_cny": 0.0}
    stopped = make_plan(plan.framing, replace(plan.solution, status=Status.TIME_LIMITED, **none))

    assert "50,000 CNY stay idle: the search stopped before" in stopped.reasons[0].en
    assert not any("nobody more" in reason.en for reason in stopped.reasons)
