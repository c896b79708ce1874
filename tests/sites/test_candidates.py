import numpy as np
import pandas as pd
import pytest
import shapely
from builders import building, compound, district, obstacle, parking, road
from hypothesis import given, settings
from hypothesis import strategies as st
from sites.options_builders import accepted_frame, clause, judged, offered

from siting.kinds import Kind
from siting.rules.clause import Metric
from siting.sites.candidates import CandidateOptions
from siting.sites.conflicts import conflict_cliques

YARD = compound((0, 0, 80, 60), id="yard")
BLOCK = building((30, 25, 50, 35), id="block")
LANE = road([(0, 10), (80, 10)])
WALL = clause("wall", Metric.SEPARATION, "building", 3.0)
GROUPS = (
    clause("length", Metric.GROUP_LENGTH, value=12.0),
    clause("size", Metric.GROUP_SIZE, value=25.0),
    clause("gap", Metric.GROUP_GAP, value=3.0),
)


def test_candidates_lie_in_their_compound_and_on_nothing_else():
    facts = district(YARD, BLOCK, LANE, obstacle("water", (60, 40, 80, 60)), parking((0, 40, 15, 60)))
    frame = offered(facts, WALL).frame

    assert len(frame) > 20
    assert shapely.covers(facts.compounds.geometry.iloc[0], frame.geometry.to_numpy()).all()
    for taken in (facts.buildings, facts.obstacles, facts.parking):
        assert frame.geometry.intersection(taken.geometry.iloc[0]).area.max() == pytest.approx(0.0, abs=1e-9)
    assert frame.geometry.distance(facts.roads.geometry.iloc[0]).min() >= 2.0  # half of a lane of 4 m


def test_a_candidate_adds_up():
    frame = offered(district(YARD), kind=Kind.EBIKE_SHED).frame
    row = frame[frame["bays"] == 20].iloc[0]

    assert (row["ports_per_module"], row["max_modules"], row["ports"], row["power_kw"]) == (10, 2, 20, 5.0)
    assert row["open_cost_cny"] == 4000 + 20 * 100 + 20 * 1.6 * 400 + 20 * 200
    assert row["cost_cny"] == row["open_cost_cny"] + 2 * 3500


def test_several_sizes_are_offered_and_ids_are_in_order():
    frame = offered(district(YARD, BLOCK), WALL).frame

    assert set(frame["bays"]) == {10, 20, 40, 60, 120}  # 240 in two rows are 104 m long
    assert frame.index[0] == "yard#s01"
    assert frame.index.is_monotonic_increasing
    assert len(frame) <= 50


def test_groups_lie_inside_their_candidate_and_hold_its_bays():
    candidates = offered(district(YARD, BLOCK), *GROUPS)
    groups, frame = candidates.groups, candidates.frame
    outline = frame.geometry.loc[groups["candidate_id"]].to_numpy()

    assert shapely.covers(shapely.buffer(outline, 1e-6), groups.geometry.to_numpy()).all()
    assert groups.groupby("candidate_id")["bays"].sum().equals(frame["bays"])
    assert groups.groupby("candidate_id").size().equals(frame["groups"].rename(None))
    assert groups["length_m"].max() <= 12.0
    assert groups["bays"].max() <= 25


def test_groups_of_one_candidate_keep_the_lawful_gap():
    groups = offered(district(YARD, BLOCK), *GROUPS).groups
    for _, each in groups.groupby("candidate_id"):
        shapes = each.geometry.to_numpy()
        for number in range(1, len(shapes)):
            assert shapely.distance(shapes[number], shapes[:number]).min() >= 3.0 - 1e-9


def test_a_compound_to_be_surveyed_first_gets_none_and_is_named():
    bare = compound((200, 0, 300, 100), id="bare", name="西院", state="survey_first", building_cover_share=0.02)
    candidates = offered(district(YARD, BLOCK, bare), WALL)

    assert set(candidates.frame["compound_id"]) == {"yard"}
    assert candidates.notes[0].startswith("bare (西院): survey first, buildings cover only 2.0%")


def test_nothing_is_offered_where_the_map_shows_no_building_for_60_m():
    long_yard = compound((0, 0, 400, 60), id="yard")
    candidates = offered(district(long_yard, BLOCK), WALL)

    assert 60 < candidates.frame.geometry.bounds["minx"].max() <= 110
    assert len(candidates.notes) == 1
    assert candidates.notes[0].endswith("nothing is offered there until it is surveyed")


def test_a_compound_without_lawful_ground_is_named_and_keeps_refused_rows():
    verdicts = judged(district(YARD, BLOCK), clause("far", Metric.SEPARATION, "building", 60.0))

    assert verdicts.accepted == ()
    assert verdicts.counts()["FAIL"] >= 1
    assert verdicts.candidates.notes == ("yard: no ground on which every must clause on ebike_open surely passes",)


def test_a_place_is_a_piece_of_open_ground():
    frame = offered(district(YARD, LANE)).frame  # the lane cuts the yard in two
    south = frame.geometry.centroid.y < 10

    assert frame.loc[south, "place_id"].nunique() == frame.loc[~south, "place_id"].nunique() == 1
    assert frame["place_id"].nunique() == 2


def test_stalls_are_drawn_in_car_parks_only():
    lot = parking((90, 0, 130, 17), id="lot")  # 10 m from the compound
    facts = district(YARD, BLOCK, lot)
    frame = offered(facts, kind=Kind.EV_SURFACE).frame

    assert set(frame["bays"]) == {2, 4, 8, 12}
    assert set(frame["compound_id"]) == {"yard"}
    assert frame["place_id"].str.startswith("yard#lot").all()
    assert frame.geometry.covered_by(lot.geometry).all()
    assert (frame["ports"] == frame["bays"]).all()
    assert (frame["power_kw"] == 7.0 * frame["bays"]).all()


def test_without_car_parks_or_garages_there_is_a_note_and_nothing_else():
    surface = offered(district(YARD, BLOCK), kind=Kind.EV_SURFACE)
    garage = offered(district(YARD, BLOCK), kind=Kind.EV_GARAGE)

    assert surface.frame.empty
    assert "no mapped surface car park" in surface.notes[0]
    assert garage.frame.empty
    assert garage.groups.empty
    assert "give them as a layer garage_zones" in garage.notes[0]


def test_the_planner_says_how_many():
    options = CandidateOptions(max_per_compound=7, refused_per_compound=0)

    assert len(offered(district(YARD, BLOCK), WALL, options=options).frame) == 7


def test_the_same_facts_give_the_same_candidates():
    one, other = (offered(district(YARD, BLOCK, LANE), WALL) for _ in range(2))

    pd.testing.assert_frame_equal(pd.DataFrame(one.frame), pd.DataFrame(other.frame))


def test_inputs_are_left_alone():
    facts = district(YARD, BLOCK, LANE)
    before = {name: getattr(facts, name).to_wkb() for name in ("compounds", "buildings", "roads")}
    offered(facts, WALL)

    for name, table in before.items():
        pd.testing.assert_frame_equal(table, getattr(facts, name).to_wkb())


def turned_yard(origin):
    block = shapely.affinity.rotate(shapely.box(30, 25, 50, 35), 20)
    return district(YARD, building(block, id="block"), LANE, origin=origin)


def test_moving_the_whole_district_moves_the_candidates_and_nothing_else():
    here, there = (offered(turned_yard(origin), WALL).frame for origin in ((0.0, 0.0), (8192.0, 4096.0)))
    moved = shapely.affinity.translate

    pd.testing.assert_frame_equal(here.drop(columns="geometry"), there.drop(columns="geometry"))
    back = np.array([moved(shape, -8192.0, -4096.0) for shape in there.geometry], dtype=object)
    assert shapely.equals_exact(back, here.geometry.to_numpy(), tolerance=1e-6).all()


@settings(deadline=None, max_examples=8)
@given(metres=st.floats(0.0, 25.0), more=st.floats(0.5, 15.0))
def test_a_stricter_rulebook_admits_no_footprint_the_other_refuses(metres, more):
    facts = turned_yard((0.0, 0.0))
    strict = judged(facts, clause("wall", Metric.SEPARATION, "building", metres + more))
    walls = facts.buildings.geometry.iloc[0]

    assert (accepted_frame(strict).geometry.distance(walls) >= metres + more - 1e-9).all()


@settings(deadline=None, max_examples=8)
@given(
    width=st.floats(30, 120),
    depth=st.floats(30, 90),
    share=st.floats(0.2, 0.8),
    turn=st.floats(0, 90),
    metres=st.floats(0, 9),
)
def test_accepted_candidates_of_any_courtyard_are_lawful(width, depth, share, turn, metres):
    block = shapely.affinity.rotate(
        shapely.box(width * share, depth * share, width * share + 12, depth * share + 8), turn
    )
    facts = district(compound((0, 0, width, depth)), building(block))
    verdicts = judged(facts, clause("wall", Metric.SEPARATION, "building", metres), *GROUPS)
    frame = accepted_frame(verdicts)

    assert (frame.geometry.distance(block) >= metres - 1e-9).all()
    assert frame.geometry.covered_by(shapely.box(0, 0, width, depth)).all()
    assert {name for clique in conflict_cliques(verdicts) for name in clique} <= set(verdicts.accepted)
