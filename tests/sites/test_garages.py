"""Zones of stalls in garages: where they come from, what is drawn in them, and which floors exclude each other."""

import numpy as np
from builders import building, compound, district, parking
from sites.options_builders import clause, judged, offered

from siting.kinds import Kind
from siting.rules.clause import Metric
from siting.sites.candidates import CandidateOptions
from siting.sites.conflicts import conflict_cliques
from siting.sites.garages import aisle_ground, floors_of, garage_zones

YARD = compound((0, 0, 80, 60), id="yard")
ROOF = building((10, 5, 60, 35), id="roof")  # stands on the garage
STATED = {"kind": "underground", "source": "planner", "compound_id": "yard"}
WHOLE = (10, 10, 40, 26.1)  # 12 stalls of 2.5 m in a row; two rows of 5.3 m and an aisle of 5.5 m
LEVEL = clause("level", Metric.GARAGE_LEVEL, "garage", 1.0, kinds=(Kind.EV_GARAGE,))


def zone(where=WHOLE, *, id="g1", **values):
    return parking(where, id=id, **(STATED | {"levels_down": 1.0} | values))


def in_garages(*zones, options=None):
    return offered(district(YARD, ROOF, *zones), kind=Kind.EV_GARAGE, options=options)


def test_only_what_a_planner_drew_is_a_zone_of_stalls():
    mapped = parking(WHOLE, id="mapped", kind="underground")
    facts = district(YARD, ROOF, mapped, zone(), zone(id="g2", kind="surface"))

    assert list(garage_zones(facts).index) == ["g1"]


def test_stalls_stand_in_two_rows_with_their_aisle_between_whatever_stands_on_the_roof():
    frame = in_garages(zone()).frame
    rows = np.unique(np.round(frame.geometry.bounds["miny"] - frame.geometry.bounds["miny"].min()))

    assert set(frame["garage_id"]) == {"g1"}
    assert set(frame["compound_id"]) == {"yard"}
    assert frame["bays"].max() == 8  # 12 need all 30 m, and 5 cm are kept from each wall
    assert rows.tolist() == [0.0, 11.0]  # 5.3 + 5.5 + 0.2 of slack
    assert frame.geometry.covered_by(zone().geometry).all()


def test_the_aisle_may_lie_in_the_garage_around_the_zone():
    narrow = zone((10, 10, 40, 16))
    fours = CandidateOptions(sizes={Kind.EV_GARAGE: (4,)})  # 10 m: too long for the short side
    around = parking((5, 5, 50, 30), id="around", kind="underground")

    assert in_garages(narrow, options=fours).frame.empty
    assert set(in_garages(narrow, around, options=fours).frame["garage_id"]) == {"g1"}
    facts = district(YARD, zone(), zone(id="below", levels_down=2.0), around)
    assert aisle_ground(facts, "g1").equals(around.geometry)


def test_no_layout_has_more_stalls_than_the_zone():
    assert set(in_garages(zone(capacity=5.0)).frame["bays"]) == {2, 4}


def test_levels_above_one_another_exclude_nothing_and_are_judged_by_their_own_figures():
    both = district(YARD, zone(), zone(id="g2", levels_down=2.0))
    verdicts = judged(both, LEVEL, kind=Kind.EV_GARAGE)
    upper = verdicts.candidates.frame["garage_id"] == "g1"

    assert set(verdicts.outcomes[upper]) == {"PASS"}
    assert set(verdicts.outcomes[~upper]) == {"FAIL"}
    everything = judged(both, kind=Kind.EV_GARAGE)
    for clique in conflict_cliques(everything):
        assert everything.candidates.frame.loc[list(clique), "garage_id"].nunique() == 1


def test_an_unknown_level_is_not_evaluated_and_is_a_floor_of_its_own():
    facts = district(YARD, zone(levels_down=np.nan))
    verdicts = judged(facts, LEVEL, kind=Kind.EV_GARAGE)

    assert set(verdicts.outcomes) == {"NOT EVALUATED"}
    assert set(floors_of(verdicts.candidates.frame, facts)) == {"g1"}


def test_a_zone_without_room_for_a_row_is_named():
    notes = in_garages(zone((10, 10, 14, 14))).notes

    assert notes == (
        "g1: no row of stalls with its aisle fits; draw the zone with its aisles, or the garage around it as parking",
    )
