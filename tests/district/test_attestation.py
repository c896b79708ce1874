"""Signed facts enter the district, are logged, and are refused where they cannot be meant."""

from datetime import date

import pytest
from builders import building, district

from siting.district.attestation import Attestation, attest, facility_overrides, signed_for
from siting.errors import StudyError
from siting.kinds import Completeness

HOME = building((0, 0, 10, 10), id="way/1")


def signed(subject: str, fact: str, value: object, name: str = "a1") -> Attestation:
    return Attestation(
        attestation_id=name, subject=subject, fact=fact, value=value, who="Li", when=date(2026, 1, 5), document="no. 7"
    )


def test_a_signed_class_and_height_replace_the_unknown_and_are_logged():
    of = attest(
        district(HOME), [signed("way/1", "fire_class", "I-II"), signed("way/1", "height_m", 18.0, "a2")], ("hydrant",)
    )

    row = of.buildings.loc["way/1"]
    assert (row["fire_class"], row["height_m"], row["height_source"]) == ("I-II", 18.0, "survey")
    assert of.overrides[["object_id", "key", "old", "new", "source"]].to_numpy().tolist() == [
        ["way/1", "fire_class", "unknown", "I-II", "a1"],
        ["way/1", "height_m", "", "18.0", "a2"],
    ]


def test_a_class_signed_as_surveyed_is_complete():
    of = attest(district(HOME), [signed("hydrant", "surveyed", True)], ("hydrant",))

    assert of.known("hydrant") is Completeness.SURVEYED


def test_the_district_given_stays_as_it_was():
    before = district(HOME)
    attest(before, [signed("way/1", "fire_class", "III")], ())

    assert before.buildings.at["way/1", "fire_class"] == "unknown"
    assert before.attestations == ()


def test_statements_are_kept_by_subject():
    of = attest(district(HOME), [signed("way/1", "fire_wall", "whole")], ())

    assert signed_for(of, "way/1")["fire_wall"].who == "Li"
    assert signed_for(of, "way/2") == {}
    assert facility_overrides([signed("ebike_shed", "fire_class", "I-II")]) == {"ebike_shed": {"fire_class": "I-II"}}


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        (signed("way/2", "fire_wall", "whole"), "'way/2' is no building or kind of this study; did you mean 'way/1'?"),
        (signed("way/1", "firewall", "whole"), "unknown fact 'firewall'; did you mean 'fire_wall'?"),
        (signed("way/1", "fire_wall", "half"), "fire_wall = 'half' cannot be meant"),
        (signed("way/1", "openings_share", 5), "openings_share = 5 cannot be meant"),
        (signed("hydrants", "surveyed", True), "did you mean 'hydrant'?"),
    ],
)
def test_what_cannot_be_meant_is_refused(statement, what):
    with pytest.raises(StudyError, match=what.replace("?", r"\?")):
        attest(district(HOME), [statement], ("hydrant",))


def test_two_statements_on_one_fact_are_a_contradiction():
    both = [signed("way/1", "fire_class", "I-II"), signed("way/1", "fire_class", "III", "a2")]

    with pytest.raises(StudyError, match="a1 and a2 both say fire_class of way/1"):
        attest(district(HOME), both, ())
