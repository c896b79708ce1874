"""GB 50016 table 5.2.2 with its notes: a shed (class I-II) east of a five-storey, class I-II home asks for 6 m.

The home is (0, 0, 10, 10); the shed is 4 m x 2 m, `gap` metres east of it. The pipeline and the audit, which
share nothing but the clause, have to say the same.
"""

from datetime import date

import numpy as np
import pytest
import shapely
from builders import building, district

from siting.district.attestation import Attestation, attest
from siting.kinds import Kind
from siting.plan.audit_features import things_of
from siting.plan.audit_figures import KindFigures
from siting.plan.audit_measures import Subject, measure_again
from siting.plan.audit_reading import facts_of
from siting.rules.measures import FacilityFacts, Shapes, measure
from siting.rules.profiles import load_rulebook

CLAUSE = load_rulebook("national", on=date(2026, 1, 1)).clause("national.b01")
ROOF = ("ebike_shed", "roof_rating_h", 1.0)
BLANK = [("home", "openings_share", 0.05), ("ebike_shed", "openings_share", 0.0)]
MM = 0.001


def outcome(gap: float, facts: list[tuple[str, str, object]], *, shed: str = "I-II", error: float = 0.0, **home) -> str:
    """Return the outcome of the clause, after both roads have agreed on it."""
    known = {"levels": 5.0, "fire_class": "I-II"} | home
    statements = [
        Attestation(attestation_id=f"a{n}", subject=subject, fact=fact, value=value, who="Li", when=date(2026, 1, 5),
                    document="no. 7")
        for n, (subject, fact, value) in enumerate(facts)
    ]  # fmt: skip
    of = attest(district(building((0, 0, 10, 10), id="home", **known), position_error_m=error), statements, ())
    footprint = shapely.box(10 + gap, 4, 14 + gap, 6)
    shapes = Shapes(*(np.array(values) for values in ([footprint], [4], [footprint], [0], [4], [4.0])))
    found = measure(CLAUSE, shapes, of, FacilityFacts(kind=Kind.EBIKE_SHED, fire_class=shed))
    again = measure_again(
        CLAUSE,
        Subject("s", Kind.EBIKE_SHED, footprint),
        {"building": things_of(facts_of(of), "building")},
        KindFigures(fire_class=shed),
    )
    assert again.outcome.value == found.outcome[0]
    np.testing.assert_allclose([again.measured, again.required], [found.measured[0], found.required[0]])
    return str(found.outcome[0])


@pytest.mark.parametrize("facts", [[], BLANK[:1], BLANK[1:], [ROOF], [("home", "openings_protected", True)]])
def test_nothing_is_exempt_without_every_statement(facts):
    assert outcome(6.0, facts) == "PASS"
    assert outcome(6.0 - MM, facts) == "FAIL"


@pytest.mark.parametrize(
    ("facts", "limit", "home"),
    [
        (BLANK, 4.5, {}),  # B03: a quarter less
        ([ROOF, ("ebike_shed", "fire_wall", "whole")], 3.5, {}),  # B06: the lower facing wall
        ([ROOF, ("home", "openings_protected", True)], 3.5, {}),  # B06: openings of the taller wall
        ([ROOF, ("home", "openings_protected", True)], 4.0, {"levels": 18.0}),  # B06 beside a high-rise
        ([*BLANK, ROOF, ("home", "openings_protected", True)], 3.5, {}),  # the mildest of several
    ],
)
def test_a_statement_reduces_the_distance_to_the_millimetre(facts, limit, home):
    assert outcome(limit, facts, **home) == "PASS"
    assert outcome(limit - MM, facts, **home) == "FAIL"


@pytest.mark.parametrize(
    "facts",
    [
        [("home", "fire_wall", "whole")],
        [("home", "fire_wall", "15m")],
        [("home", "same_height", True), ("home", "fire_wall", "whole"), ROOF, ("home", "roof_rating_h", 1.5)],
    ],
)
def test_a_fire_wall_lifts_the_distance_altogether(facts):
    assert outcome(0.0, facts, error=1.0) == "PASS"  # nothing is asked, so no error matters


def test_fifteen_metres_of_fire_wall_help_a_rated_shed_only():
    assert outcome(0.5, [("home", "fire_wall", "15m")], shed="III") == "FAIL"
    assert outcome(0.5, [("home", "fire_wall", "whole")], shed="III") == "PASS"


def test_a_quarter_less_is_for_low_buildings_alone():
    assert outcome(9.0 - MM, BLANK, levels=18.0) == "FAIL"


@pytest.mark.parametrize("home", [{"height_m": 100.1}, {"levels": 34.0}])
def test_nothing_is_reduced_near_a_building_above_100_m(home):
    wall = [("home", "fire_wall", "whole")]
    assert outcome(9.0, wall, **home) == "PASS"
    assert outcome(9.0 - MM, wall, **home) == "FAIL"


def test_a_building_of_unknown_height_may_be_above_100_m():
    assert outcome(1.0, [("home", "fire_wall", "whole")], levels=float("nan")) == "UNCERTAIN"
    assert outcome(9.0, [("home", "fire_wall", "whole")], levels=float("nan")) == "PASS"


def test_a_clause_that_names_no_exemption_grants_none():
    from dataclasses import replace

    bare = replace(CLAUSE, exemptions=())
    of = district(building((0, 0, 10, 10), id="home", levels=5.0, fire_class="I-II"))
    statement = Attestation(
        attestation_id="a",
        subject="home",
        fact="fire_wall",
        value="whole",
        who="Li",
        when=date(2026, 1, 5),
        document="7",
    )
    footprint = shapely.box(11, 4, 15, 6)
    shapes = Shapes(*(np.array(values) for values in ([footprint], [4], [footprint], [0], [4], [4.0])))

    found = measure(bare, shapes, attest(of, [statement], ()), FacilityFacts(kind=Kind.EBIKE_SHED, fire_class="I-II"))

    assert found.outcome[0] == "FAIL"
