"""Candidates that a planner drew: laid out, offered under their own ids beside the searched ones, judged alike.

A yard of 80 m x 60 m with a block at (30, 25)-(50, 35); a shed of 10 bays takes some 8 m x 3.6 m in one row.
"""

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from builders import building, compound, district
from sites.options_builders import clause, judged, offered

from siting import tables
from siting.kinds import Kind
from siting.rules.clause import Metric

YARD = compound((0, 0, 80, 60), id="yard")
BLOCK = building((30, 25, 50, 35), id="block")
WALL = clause("wall", Metric.SEPARATION, "building", 3.0)


def with_drawn(shapes, *, kind="ebike_shed", bays=np.nan, owner=None):
    facts = district(YARD, BLOCK)
    ids = [f"D{number}" for number in range(1, len(shapes) + 1)]
    frame = gpd.GeoDataFrame(
        {
            "compound_id": pd.Series([owner] * len(shapes), ids, dtype=object),
            "kind": pd.Series([kind] * len(shapes), ids, dtype=object),
            "bays": pd.Series([bays] * len(shapes), ids, dtype=float),
            "source": pd.Series(["planner"] * len(shapes), ids, dtype=object),
        },
        geometry=list(shapes),
        crs=facts.crs,
    ).rename_axis(tables.DRAWN.index)
    frame.index = frame.index.astype(object)
    return facts.replace(drawn=frame)


def test_an_area_gets_the_largest_layout_that_fits_and_keeps_its_id():
    area = shapely.box(2, 2, 20, 12)
    result = offered(with_drawn([area]), WALL, kind=Kind.EBIKE_SHED)
    row = result.frame.loc["D1"]

    assert row["compound_id"] == "yard"
    assert shapely.covers(area.buffer(0.2), row.geometry)
    assert row["bays"] >= 20
    assert result.groups[result.groups["candidate_id"] == "D1"]["bays"].sum() == row["bays"]
    assert "yard#s01" in result.frame.index


def test_a_point_gets_the_bays_asked_for_around_it():
    row = offered(with_drawn([shapely.Point(15, 50)], bays=20), WALL, kind=Kind.EBIKE_SHED).frame.loc["D1"]

    assert row["bays"] == 20
    assert row.geometry.centroid.distance(shapely.Point(15, 50)) < 1e-9


def test_a_drawn_candidate_too_near_a_wall_is_offered_and_fails_in_the_ledger():
    verdicts = judged(with_drawn([shapely.Point(25, 30)], bays=10), WALL, kind=Kind.EBIKE_SHED)

    assert "D1" in verdicts.outcomes.index
    assert "D1" not in verdicts.accepted


def test_what_stands_on_taken_ground_or_elsewhere_is_named_and_not_offered():
    places = [shapely.Point(40, 30), shapely.Point(79, 59), shapely.Point(300, 300), shapely.box(2, 2, 3, 3)]
    result = offered(with_drawn(places), WALL, kind=Kind.EBIKE_SHED)
    notes = [note for note in result.notes if note.startswith("D")]

    assert [name for name in result.frame.index if name.startswith("D")] == []
    assert "m2 of it are taken by a building" in notes[0]
    assert "reaches beyond its compound" in notes[1]
    assert "lies in no compound" in notes[2]
    assert "fits on its free ground" in notes[3]


def test_an_area_over_a_building_uses_the_ground_that_is_left():
    row = offered(with_drawn([shapely.box(30, 20, 50, 45)]), WALL, kind=Kind.EBIKE_SHED).frame.loc["D1"]

    assert row.geometry.intersection(shapely.box(30, 25, 50, 35)).area < 1e-9


def test_another_kind_is_not_offered():
    result = offered(with_drawn([shapely.Point(15, 50)], kind="ebike_cabinet"), WALL, kind=Kind.EBIKE_SHED)

    assert "D1" not in result.frame.index
    assert result.notes[-1] == "1 drawn candidates are of kinds that this study does not plan (D1)"
