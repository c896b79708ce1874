"""What stands at a place: unknown until signed for, of a kind, a compound, a place or a candidate; both roads agree.

Places of 30 bays in two groups, 0.5 m apart: A (0, 0, 24, 4) and B (0, 20, 24, 24) of compound c, places p1 and p2.
"""

from datetime import date

import numpy as np
import pytest
import shapely
from builders import building, district

from siting.district.attestation import Attestation, attest
from siting.errors import StudyError
from siting.kinds import Kind
from siting.plan.audit_equipment import said_of
from siting.plan.audit_figures import KindFigures
from siting.plan.audit_measures import Layout, Subject, measure_again
from siting.plan.audit_reading import facts_of
from siting.rules.measures import FacilityFacts, Shapes, measure
from siting.rules.profiles import load_rulebook

DAY = date(2026, 1, 1)
ROOF = load_rulebook("anhui", on=DAY).clause("anhui.c14")
GAP = load_rulebook("sichuan", on=DAY).clause("sichuan.c11")
NAMES = (("A", "p1", "c"), ("B", "p2", "c"))
FACTS = FacilityFacts(kind=Kind.EBIKE_SHED)


def signed(*facts):
    return [
        Attestation(
            attestation_id=f"a{n}", subject=subject, fact=fact, value=value, who="Li", when=DAY, document="no. 7"
        )
        for n, (subject, fact, value) in enumerate(facts)
    ]


def outcomes(clause, *facts):
    """Return the outcome at both places, after the audit has said the same."""
    of = attest(district(building((100, 0, 110, 10), id="far")), signed(*facts), ())
    bases = [shapely.box(0, y, 24.5, y + 4) for y in (0, 20)]
    groups = [shapely.box(x, y, x + 12, y + 4) for y in (0, 20) for x in (0, 12.5)]
    shapes = Shapes(
        footprints=np.array(bases),
        bays=np.array([30, 30]),
        group_shapes=np.array(groups),
        group_of=np.array([0, 0, 1, 1]),
        group_bays=np.array([15] * 4),
        group_length_m=np.array([12.0] * 4),
        names=NAMES,
    )
    found = measure(clause, shapes, of, FACTS)
    for at, names in enumerate(NAMES):
        said = said_of(facts_of(of).signed, ("ebike_shed", *reversed(names)))
        layout = Layout(30, tuple(groups[2 * at : 2 * at + 2]), (15, 15), (12.0, 12.0))
        again = measure_again(clause, Subject(names[0], Kind.EBIKE_SHED, bases[at], layout, said), {}, KindFigures())
        assert again.outcome.value == found.outcome[at]
        np.testing.assert_allclose([again.measured, again.required], [found.measured[at], found.required[at]])
    return list(found.outcome)


def test_silence_is_not_evaluated():
    assert outcomes(ROOF) == ["NOT EVALUATED"] * 2


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([("ebike_shed", "open_roof", True)], ["PASS", "PASS"]),
        ([("ebike_shed", "open_roof", False)], ["FAIL", "FAIL"]),
        ([("ebike_open", "open_roof", True)], ["NOT EVALUATED", "NOT EVALUATED"]),
        ([("c", "open_roof", True)], ["PASS", "PASS"]),
        ([("p1", "open_roof", True)], ["PASS", "NOT EVALUATED"]),
        ([("B", "open_roof", False), ("ebike_shed", "open_roof", True)], ["PASS", "FAIL"]),
    ],
)
def test_the_most_exact_statement_counts(facts, expected):
    assert outcomes(ROOF, *facts) == expected


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([], "FAIL"),
        ([("A", "group_wall_m", 1.5), ("A", "group_wall_h", 2.0)], "PASS"),
        ([("A", "group_wall_m", 1.499), ("A", "group_wall_h", 2.0)], "FAIL"),
        ([("A", "group_wall_m", 1.5), ("A", "group_wall_h", 1.99)], "FAIL"),
        ([("A", "group_wall_m", 1.5)], "FAIL"),
    ],
)
def test_a_wall_stands_in_for_the_gap_as_high_and_as_long_as_the_clause_says(facts, expected):
    assert outcomes(GAP, *facts) == [expected, "FAIL"]


def test_signed_equipment_of_a_garage_overrides_its_drawings_and_is_logged():
    from builders import parking

    of = attest(
        district(parking((0, 0, 30, 30), id="g", kind="underground", alarm="no")), signed(("g", "alarm", True)), ()
    )

    assert of.parking.loc["g", "alarm"] == "yes"
    assert of.overrides[["object_id", "key", "old", "new", "source"]].to_numpy().tolist() == [
        ["g", "alarm", "no", "yes", "a0"]
    ]


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        (("g", "sprinklers", "yes"), "cannot be meant; give true"),
        (("ebike_shed", "sprinklers", True), "'ebike_shed' is no garage"),
        (("ebike_shed", "cctvv", True), "did you mean 'cctv'"),
    ],
)
def test_what_cannot_be_meant_is_refused(fact, words):
    from builders import parking

    with pytest.raises(StudyError, match=words):
        attest(district(parking((0, 0, 30, 30), id="g", kind="underground")), signed(fact), ())
