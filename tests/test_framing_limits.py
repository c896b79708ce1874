"""The ground is drawn in framing_builders.py: b1 (20 vehicles) and b2 (30 of weight 2) live in c1, sheds s1 to s3."""

import numpy as np
import pytest
from framing_builders import framed

from siting.errors import InfeasibleError, StudyError
from siting.framing_limits import Floor, Limits, Quota, out_of_reach
from siting.model.goal import Aim
from siting.model.solver import SolverOptions, solve

EXACT = SolverOptions(gap=0.0)


def test_each_goal_reaches_the_problem():
    for aim in (Aim.SERVICE, Aim.FLOOR):
        assert framed(Limits(5000.0, aim=aim)).problem.goal.aim is aim
    for aim in (Aim.COST, Aim.WALKING, Aim.MARGIN):
        problem = framed(Limits(None, aim=aim, service_share=0.5)).problem
        assert (problem.goal.aim, problem.budget_cny, problem.service_floor) == (aim, None, 40.0)


def test_a_share_that_nobody_can_reach_says_so():
    # without s2 and s3 only b1 can walk to a lawful shed
    with pytest.raises(InfeasibleError, match=r"goal.service_share = 0.9: .* only 20.0 can walk"):
        framed(Limits(None, aim=Aim.COST, service_share=0.9), accepted=("s1",))


def test_floors_are_shares_of_compounds_by_id():
    problem = framed(Limits(5000.0, floor_share=0.2, floors=(Floor("c1", vehicles=15.0),))).problem

    assert problem.groups.names == ("c1",)
    assert problem.groups.group.tolist() == [0, 0]
    assert problem.floors.least.tolist() == [15.0]  # 0.2 x 50 = 10 is less


def test_a_floor_of_an_unknown_compound_is_refused():
    with pytest.raises(StudyError, match=r"limits.floors: compound 'c11': .*; did you mean 'c1'\?"):
        framed(Limits(5000.0, floors=(Floor("c11", share=0.5),)))


def test_a_floor_for_all_leaves_out_whom_nobody_can_serve():
    framing = framed(Limits(5000.0, floor_share=0.2), accepted=())

    assert out_of_reach(framing.links) == ("c1",)
    assert framing.problem.floors is None


def test_counts_are_of_open_sites():
    solution = solve(framed(Limits(50_000.0, most_sites=1)).problem, EXACT)

    assert (solution.modules > 0).sum() == 1


def test_a_quota_of_an_unknown_subdistrict_is_refused():
    with pytest.raises(StudyError, match="no compound lies in subdistrict 'A'; give compounds a column subdistrict"):
        framed(Limits(5000.0, quotas=(Quota("A", 1),)))


def test_margins_are_those_of_the_tightest_distance():
    margin = framed(Limits(5000.0)).problem.sites.margin_m

    assert margin.shape == (3,)
    assert np.isfinite(margin).all()
