"""Why there is no plan, in words; the ground is drawn in framing_builders.py, sheds cost 1,000 + 1,000 CNY a module."""

from dataclasses import replace

import numpy as np
import pytest
from framing_builders import framed

from siting.errors import InfeasibleError
from siting.framing import Limits
from siting.model.limits import Count, Floors, Groups
from siting.plan.explain import explain, explain_limits, explained


def test_a_lock_beyond_the_budget_says_both_ways_out():
    free = framed(Limits(1500.0))

    found = explain_limits(free.links, free.power, Limits(1500.0, locked_in=("s2",)))

    assert [item.en for item in found.collide] == ["s2 is locked in", "the budget is 1,500 CNY"]
    assert [item.en for item in found.reliefs] == ["unlock s2", "raise the budget to 2,000 CNY"]
    assert found.line == (
        "these limits cannot hold together: s2 is locked in; the budget is 1,500 CNY. "
        "Enough alone: unlock s2; or raise the budget to 2,000 CNY"
    )
    assert "预算提高到 2,000 元" in found.sentences("zh")
    assert found.left[0].en == "The best partial plan builds 0 sites for 0 of 50 vehicles, but not s2"


def test_too_few_lawful_places_name_the_clause_that_removes_the_rest():
    rows = [
        {
            **{"candidate_id": "s4", "clause_id": "C04", "metric": "distance_min", "force": "must", "outcome": "FAIL"},
            **{"measured": 1.0, "required": 6.0, "unit": "m", "tolerance": 0.0, "feature_id": None},
        }
    ]
    framing = framed(Limits(90_000.0), verdict_rows=rows)
    problem = replace(framing.problem, count=Count(4, None))

    found = explain(replace(framing, problem=problem))

    assert [limit.kind for limit in found.conflict.limits] == ["count_least"]
    assert found.collide[0].en == "at least 4 sites must be open"
    assert found.reliefs[0].en == "lower to 3: at least 4 sites must be open"
    assert "3 of 4 candidates are lawful" in found.ground[0].en
    assert found.ground[0].en.endswith("clause C04 removes 1 of the others")
    assert "条款 C04" in found.ground[0].zh


def test_a_floor_names_its_compound_and_what_is_possible():
    # 2,000 CNY build one module of 24 vehicles; both buildings are one compound of 50 that asks for 40
    framing = framed(Limits(2000.0))
    problem = replace(framing.problem, groups=Groups(np.zeros(2), 1, ("c1",)), floors=Floors(np.array([40.0])))

    found = explain(replace(framing, problem=problem))

    assert [item.en for item in found.collide] == ["c1 must have 40 vehicles served", "the budget is 2,000 CNY"]
    assert [item.en for item in found.reliefs] == [
        "lower to 24.0: c1 must have 40 vehicles served",
        "raise the budget to 3,000 CNY",
    ]
    assert "for 24 of 50 vehicles, but 16 short of this" in found.left[0].en


def test_an_error_is_kept_where_nothing_more_is_found():
    error = InfeasibleError("as it was")
    framing = framed(Limits(5000.0))

    assert explained(error, lambda: explain(framing)) is error
    with pytest.raises(InfeasibleError, match="cannot hold together") as told:
        raise explained(error, lambda: explain_limits(framing.links, framing.power, Limits(1.0, locked_in=("s1",))))
    assert told.value.exit_code == 3
    assert told.value.details["minimal"] is True
