"""The ground is drawn in framing_builders.py."""

import numpy as np
import pytest
from framing_builders import STEPS, framed
from shapely import Point

from siting.errors import InfeasibleError, StudyError
from siting.framing import Limits, reframe


def verdict(candidate, outcome, force, clause="C04"):
    known = {"metric": "separation", "measured": 1.0, "required": 6.0, "unit": "m", "tolerance": 0.0}
    return {"candidate_id": candidate, "clause_id": clause, **known, "outcome": outcome, "force": force} | {
        "feature_id": None
    }


def test_tables_become_arrays_in_the_order_of_their_ids():
    framing = framed(Limits(budget_cny=5000.0))
    problem = framing.problem

    assert framing.building_ids == ("b1", "b2")
    assert framing.candidate_ids == ("s1", "s2", "s3")
    assert problem.demands.vehicles.tolist() == [20.0, 30.0]
    assert problem.demands.weight.tolist() == [1.0, 2.0]
    assert list(zip(problem.walks.i.tolist(), problem.walks.j.tolist(), strict=True)) == [
        (0, 0),
        (0, 1),
        (1, 1),
        (1, 2),
    ]
    assert problem.walks.walk_m.tolist() == [10.0, 50.0, 30.0, 90.0]
    assert problem.sites.vehicles_per_module.tolist() == [24.0] * 3  # 10 ports x 2.4
    assert problem.sites.max_modules.tolist() == [2, 2, 2]
    assert problem.budget_cny == 5000.0
    assert problem.transformers is None
    assert problem.goal is not None


def test_transformers_come_with_their_steps_and_unknown_spare():
    framing = framed(
        Limits(5000.0),
        transformers=[
            ("t2", Point(0, -20), {"spare_kva": 10.0, "upgrade_steps": STEPS}),
            ("t1", Point(200, -20), {"spare_kva": np.nan}),
        ],
    )
    part = framing.problem.transformers

    assert framing.transformer_ids == ("t1", "t2")
    assert part.feeds.tolist()[0] == 1  # s1 at x = 0 beside t2
    assert part.feeds.tolist()[2] == 0
    assert np.isnan(part.spare_kva[0])
    assert part.spare_kva[1] == 10.0
    assert part.steps == ((), ((50.0, 9000.0),))


def test_clauses_that_do_not_bind_count_as_demerits():
    rows = [
        verdict("s1", "FAIL", "should"),
        verdict("s1", "UNCERTAIN", "practice", "C05"),
        verdict("s2", "PASS", "should"),
        verdict("s3", "FAIL", "must"),
    ]

    assert framed(Limits(5000.0), verdict_rows=rows).problem.sites.demerit.tolist() == [1.5, 0.0, 0.0]


def test_locks_go_by_candidate_id():
    problem = framed(Limits(5000.0, locked_in=("s2",), locked_out=("s3", "s4"))).problem

    assert problem.locked_in.tolist() == [1]
    assert problem.locked_out.tolist() == [2]  # s4 is refused, so it is out anyway


def test_an_unknown_lock_says_what_may_be_meant():
    with pytest.raises(StudyError, match="'s-2' does not exist; did you mean 's2'"):
        framed(Limits(5000.0, locked_in=("s-2",)))


def test_a_refused_lock_names_the_clause():
    with pytest.raises(StudyError, match=r"'s4' is refused by C04 \(FAIL\)"):
        framed(Limits(5000.0, locked_in=("s4",)), verdict_rows=[verdict("s4", "FAIL", "must")])


def test_locks_beyond_the_budget_name_both_figures():
    with pytest.raises(InfeasibleError, match=r"2 locked-in sites cost at least 4,000 CNY .* budget is 3,000 CNY"):
        framed(Limits(3000.0, locked_in=("s1", "s2")))


def test_another_budget_keeps_everything_else():
    framing = framed(Limits(5000.0, locked_in=("s2",)))
    again = reframe(framing, budget_cny=8000.0)

    assert (again.problem.budget_cny, again.limits.budget_cny) == (8000.0, 8000.0)
    assert again.problem.locked_in.tolist() == [1]
    assert again.problem.walks is framing.problem.walks
    assert framing.problem.budget_cny == 5000.0
