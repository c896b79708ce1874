"""The smallest move of a refused footprint: exact for walls, nothing smaller helps, and the law has the last word."""

import numpy as np
import pytest
import shapely
from builders import building, compound, district, road
from shapely.affinity import translate
from sites.options_builders import clause, judged, offered

from siting.rules.clause import Metric
from siting.sites.moves import MOST_MOVE_M, smallest_moves
from siting.sites.verdicts import judge

YARD = compound((0, 0, 80, 60))
BLOCK = building((30, 25, 50, 35), id="block")
WALL = clause("wall", Metric.SEPARATION, "building", 3.0)


def refused(*items, rules=(WALL,), **changes):
    verdicts = judged(district(YARD, *items, **changes), *rules)
    return verdicts, smallest_moves(verdicts)


def test_each_refused_candidate_has_a_row_and_no_other():
    verdicts, moves = refused(BLOCK)

    assert list(moves.index) == sorted(set(verdicts.candidates.frame.index) - set(verdicts.accepted))
    assert set(moves["reason"]) <= {"moved", "none within 20 m", "layout"}


@pytest.mark.parametrize("error", [0.0, 1.0])
def test_the_moved_footprint_is_lawful_and_hardly_farther_than_it_has_to_be(error):
    verdicts, moves = refused(BLOCK, position_error_m=error)
    wall = verdicts.candidates.zones.district.buildings.geometry.iloc[0]
    moved = moves[moves["reason"] == "moved"]

    assert len(moved)
    for name, row in moved.iterrows():
        footprint = verdicts.candidates.frame.geometry[name]
        apart = translate(footprint, row["dx_m"], row["dy_m"]).distance(wall)
        assert 3.0 + error <= apart
        assert row["move_m"] == pytest.approx(np.hypot(row["dx_m"], row["dy_m"]), abs=0.001)


def test_nothing_smaller_helps():
    verdicts, moves = refused(BLOCK, building((10, 10, 20, 14), id="hut"))
    walls = shapely.union_all(verdicts.candidates.zones.district.buildings.geometry.to_numpy())
    yard = verdicts.candidates.zones.district.compounds.geometry.iloc[0]

    for name, row in moves[moves["reason"] == "moved"].iterrows():
        footprint = verdicts.candidates.frame.geometry[name]
        for radius in np.linspace(0.0, row["move_m"] - 0.02, 12):
            for angle in np.linspace(0.0, 2 * np.pi, 36):
                other = translate(footprint, radius * np.cos(angle), radius * np.sin(angle))
                assert other.distance(walls) < 3.0 or not yard.contains(other)


def test_a_move_stays_in_its_compound_and_off_the_carriageway():
    verdicts, moves = refused(BLOCK, road([(40, -5), (40, 22)], width_m=6.0))
    of = verdicts.candidates.zones.district

    for name, row in moves[moves["reason"] == "moved"].iterrows():
        shape = translate(verdicts.candidates.frame.geometry[name], row["dx_m"], row["dy_m"])
        assert of.compounds.geometry.iloc[0].buffer(0.01).contains(shape)
        assert shape.distance(of.roads.geometry.iloc[0]) >= 3.0 - 1e-6


def test_a_yard_too_small_for_the_distance_has_no_move():
    wide = clause("wide", Metric.SEPARATION, "building", 60.0)
    _, moves = refused(BLOCK, rules=(wide,))

    assert set(moves["reason"]) == {f"none within {MOST_MOVE_M:g} m"}
    assert moves["move_m"].isna().all()


def test_no_move_mends_a_layout():
    few = clause("few", Metric.PLACE_SIZE, value=1.0)
    verdicts = judge(offered(district(YARD, BLOCK), WALL))
    from dataclasses import replace

    zones = verdicts.candidates.zones
    rulebook = replace(zones.rulebook, clauses=(WALL, few))
    strict = judge(replace(verdicts.candidates, zones=replace(zones, rulebook=rulebook)))

    assert set(smallest_moves(strict)["reason"]) == {"layout"}
