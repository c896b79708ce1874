"""The made-up districts: do they match the published figures, are they lawful maps, and are they always the same?"""

import csv
import json
from collections import Counter

import networkx as nx
import numpy as np
import pytest
import shapely

from siting.district.build import SourceOptions, read_district
from siting.district.layers import LayerSpec
from siting.district.osm import read_osm
from siting.district.synthetic import (
    QUARTER_SEED,
    TINY_ORIGIN_LON_LAT,
    dataset_path,
    quarter_path,
    write_quarter,
    write_quarter_layers,
    write_tiny,
)
from siting.district.synthetic_osm import lonlat_of, object_ids, write_osm
from siting.district.synthetic_places import draw_quarter
from siting.district.synthetic_plan import Thing, free_spans, with_vertex
from siting.errors import DataError


@pytest.fixture(scope="module")
def quarter():
    return draw_quarter(QUARTER_SEED)


def having(quarter, key, *values):
    return [thing for thing in quarter.things if thing.tags.get(key) in values or (not values and key in thing.tags)]


def crossing_pairs(left, right, predicate="intersects"):
    """Yield the pairs of things whose shapes meet."""
    tree = shapely.STRtree([thing.shape for thing in right])
    for i, k in zip(*tree.query([thing.shape for thing in left], predicate=predicate), strict=True):
        if left[i] is not right[k]:
            yield left[i], right[k]


# --- the quarter as drawn ---


def test_the_mean_building_is_the_programmes(quarter):
    houses = [house for compound in quarter.compounds for house in compound.houses]
    mean_m2 = np.mean([house.floor_area_m2 for house in houses])

    assert mean_m2 == pytest.approx(2992.0, rel=0.002)  # 1.96 million m2 in 655 buildings
    assert mean_m2 / 92.5 == pytest.approx(32.4, rel=0.005)  # households
    assert 220 <= len(houses) <= 260
    assert len(having(quarter, "building")) == 306
    assert {house.levels for house in houses} >= {4, 5, 6, 11, 15, 18}
    assert 0.6 <= np.mean([house.tagged for house in houses]) <= 0.8


def test_each_compound_is_there_for_its_reason(quarter):
    areas = {compound.plan.number: compound.area for compound in quarter.compounds}
    cover = {
        compound.plan.number: sum(house.outline.area for house in compound.houses) / compound.area.area
        for compound in quarter.compounds
    }

    assert sorted(areas) == list(range(1, 13))
    assert [number for number, area in areas.items() if area.interiors] == [5]
    assert areas[4].area / areas[4].convex_hull.area < 0.9  # L-shaped
    assert [number for number, share in cover.items() if share < 0.07] == [9]
    assert max(cover, key=cover.get) == 8
    assert len(quarter.compounds[6].houses) == 3


def test_generous_compounds_have_ground_15_m_from_every_wall_and_tight_ones_have_none(quarter):
    outlines = [thing.shape for thing in having(quarter, "building") if thing.tags["building"] != "roof"]
    shadow = shapely.union_all(shapely.buffer(outlines, 15.0, quad_segs=16))
    largest = {
        compound.plan.number: max(part.area for part in shapely.get_parts(compound.area.difference(shadow)))
        for compound in quarter.compounds
    }

    assert all(largest[number] > 4000.0 for number in (3, 10, 12))
    assert largest[8] < 100.0


def test_no_two_buildings_overlap_and_no_lane_runs_through_one(quarter):
    buildings = [thing for thing in having(quarter, "building") if thing.tags["building"] != "roof"]
    ways = having(quarter, "highway")

    assert [
        pair for pair in crossing_pairs(buildings, buildings) if pair[0].shape.intersection(pair[1].shape).area > 0.01
    ] == []
    assert [
        pair for pair in crossing_pairs(ways, buildings) if pair[0].shape.intersection(pair[1].shape).length > 0.05
    ] == []


def test_every_house_stands_clear_of_its_own_wall(quarter):
    for compound in quarter.compounds:
        edge = compound.area.boundary
        assert all(compound.area.contains(house.outline) for house in compound.houses)
        assert min(edge.distance(house.outline) for house in compound.houses) > 3.0


def test_lawns_stalls_and_trees_keep_off_buildings_and_lanes(quarter):
    ground = having(quarter, "amenity", "parking") + having(quarter, "landuse", "grass") + having(quarter, "natural")
    buildings, ways = having(quarter, "building"), having(quarter, "highway")

    assert [
        pair for pair in crossing_pairs(ground, buildings) if pair[0].shape.intersection(pair[1].shape).area > 0.01
    ] == []
    assert [
        pair for pair in crossing_pairs(ground, ways) if pair[0].shape.intersection(pair[1].shape).length > 0.3
    ] == []


def test_lanes_pass_walls_only_through_gates(quarter):
    gates = [gate.shape for gate in having(quarter, "barrier", "gate", "lift_gate")]
    walls = having(quarter, "barrier", "wall", "fence")
    crossings = [wall.shape.intersection(way.shape) for wall, way in crossing_pairs(walls, having(quarter, "highway"))]
    places = [place for crossing in crossings for place in shapely.get_parts(crossing)]

    assert len(gates) == len(places) == 22
    assert max(min(place.distance(gate) for gate in gates) for place in places) < 0.01


def test_every_way_hangs_together_with_the_streets(quarter):
    graph, place = nx.Graph(), lonlat_of((111.0, 35.03))
    for thing in having(quarter, "highway"):
        nx.add_path(graph, place(thing.shape.coords))

    assert nx.is_connected(graph)


def test_everything_a_planner_meets_is_there(quarter):
    amenities = Counter(thing.tags.get("amenity") for thing in quarter.things)
    power = [thing for thing in having(quarter, "power") if thing.tags["substation"] == "minor_distribution"]

    assert {"kindergarten", "school", "fuel", "charging_station", "clinic", "marketplace", "social_facility"} <= set(
        amenities
    )
    assert amenities["parking"] > 50
    assert len(having(quarter, "emergency", "fire_hydrant")) > 30
    assert len(having(quarter, "entrance", "staircase")) > 200
    assert len(power) == 11
    assert {thing.tags["natural"] for thing in having(quarter, "natural")} == {"tree", "water"}


def test_everything_says_that_it_is_made_up(quarter):
    assert all(thing.tags["siting:synthetic"] == "yes" for thing in quarter.things)
    assert all("(synthetic)" in thing.tags["name"] for thing in having(quarter, "name"))
    assert all(thing.shape.is_valid for thing in quarter.things)


# --- the files ---


@pytest.mark.parametrize("name", ["quarter.osm.pbf", "tiny.osm"])
def test_writing_twice_gives_the_same_bytes(tmp_path, name):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        if name == "tiny.osm":
            write_tiny(tmp_path / folder)
        else:
            write_quarter(tmp_path / folder / name)

    assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    assert dataset_path(name).stat().st_size < 200_000


def test_the_embedded_files_are_what_the_code_writes(tmp_path):
    write_quarter(tmp_path / "quarter.osm.pbf")
    write_quarter_layers(tmp_path)
    write_tiny(tmp_path)

    for name in ("quarter_compounds.csv", "quarter_transformers.csv", "tiny_transformers.csv"):
        assert (tmp_path / name).read_text("utf-8") == dataset_path(name).read_text("utf-8"), name
    for name in ("quarter.osm.pbf", "tiny.osm"):  # compared as read: packing may differ between zlib versions
        ours, embedded = read_osm(tmp_path / name), read_osm(dataset_path(name))
        for table in ("points", "lines", "areas"):
            assert getattr(ours, table).equals(getattr(embedded, table)), (name, table)


def test_another_seed_gives_another_quarter(tmp_path):
    write_quarter(tmp_path / "other.osm.pbf", seed=7)

    assert (tmp_path / "other.osm.pbf").read_bytes() != quarter_path().read_bytes()
    assert len(draw_quarter(7).compounds) == 12


def test_an_unknown_dataset_is_one_line():
    with pytest.raises(DataError, match=r"nowhere\.csv: no such embedded data file"):
        dataset_path("nowhere.csv")


def test_a_failed_write_leaves_nothing(tmp_path):
    with pytest.raises(TypeError, match="MultiPoint"):
        write_osm([Thing(shapely.MultiPoint([(0, 0), (1, 1)]), {})], tmp_path / "a.osm", origin=(111.0, 35.0))

    assert list(tmp_path.iterdir()) == []


# --- the quarter as read ---


@pytest.fixture(scope="module")
def district():
    layers = tuple(
        LayerSpec(role=role, path=dataset_path(f"quarter_{role}.csv")) for role in ("compounds", "transformers")
    )
    return read_district(SourceOptions(osm=quarter_path(), layers=layers))


def test_the_quarter_is_read_whole(district):
    assert district.synthetic
    assert district.dropped.empty
    assert district.counts() == {
        "compounds": 12, "buildings": 306, "entrances": 244, "roads": 107, "barriers": 15,
        "gates": 22, "obstacles": 591, "parking": 122, "transformers": 12,
    }  # fmt: skip
    assert district.compounds.query("state == 'survey_first'")["name"].tolist() == ["合成小区09 (synthetic)"]


def test_the_hole_stays_a_hole(district):
    (shape,) = shapely.get_parts(district.compounds.loc["relation/1"].geometry)

    assert len(shape.interiors) == 1


def test_the_side_layers_meet_the_map(district):
    known = district.compounds.drop(index="way/110")
    fed = [
        key for text in district.transformers["compound_ids"] if isinstance(text, str) for key in text.split(";") if key
    ]

    assert known["households"].notna().all()
    assert sorted(fed) == sorted(district.compounds.index)
    assert (district.transformers["source"] == "planner").sum() == 11
    for kiosk in district.transformers.query("source == 'planner'").itertuples():
        first = district.compounds.loc[kiosk.compound_ids.split(";")[0]].geometry
        assert first.contains(kiosk.geometry)
        assert all(set(step) == {"kva", "cost_cny", "lead_time_months"} for step in json.loads(kiosk.upgrade_steps))


def test_ids_are_those_of_the_file(quarter):
    ids = object_ids(quarter.things, origin=(111.0, 35.03))
    facts = read_osm(quarter_path())
    with dataset_path("quarter_compounds.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    assert ids[:5] == ("way/101", "way/102", "way/103", "way/104", "relation/1")
    assert all(facts.areas.loc[row["compound_id"], "tags"]["name"] == row["name"] for row in rows)


# --- the tiny district: see the drawing in datasets/README.md ---


@pytest.fixture(scope="module")
def tiny():
    layer = LayerSpec(role="transformers", path=dataset_path("tiny_transformers.csv"))
    return read_district(SourceOptions(osm=dataset_path("tiny.osm"), layers=(layer,)))


def local(shape):
    """Return a shape of the tiny district in metres from its origin."""
    return shapely.transform(shape, lambda xy: xy - (500000.0, 3874592.9018))


def test_the_tiny_district_is_the_drawing(tiny):
    corners = {
        "way/103": (10, 10), "way/104": (73, 10), "way/105": (10, 40),
        "way/106": (73, 40), "way/107": (140, 10), "way/108": (140, 36),
    }  # fmt: skip

    assert TINY_ORIGIN_LON_LAT == (111.0, 35.0)
    for key, (x, y) in corners.items():
        assert local(tiny.buildings.loc[key].geometry).bounds == pytest.approx((x, y, x + 37, y + 10), abs=0.01)
    assert local(tiny.compounds.loc["way/101"].geometry).bounds == pytest.approx((0, 0, 120, 100), abs=0.01)
    assert local(tiny.compounds.loc["way/102"].geometry).bounds == pytest.approx((130, 0, 188, 56), abs=0.01)
    assert local(tiny.transformers.loc["T1"].geometry).coords[0] == pytest.approx((4, 96), abs=0.01)
    assert tiny.transformers.loc["T1", ["compound_ids", "spare_kva"]].tolist() == ["way/101;way/102", 100.0]
    assert tiny.gates.index.tolist() == ["node/2", "node/7"]


def test_each_tiny_building_has_twenty_households(tiny):
    households = tiny.buildings.area * tiny.buildings["levels"] / 92.5

    assert households.to_numpy() == pytest.approx([20.0] * 6, abs=0.05)
    assert tiny.buildings.groupby("compound_id").size().tolist() == [4, 2]


def test_only_the_tiny_yard_is_15_m_from_every_wall(tiny):
    walls = shapely.union_all(tiny.buildings.geometry)
    yard = shapely.box(0.1, 65.1, 119.9, 99.9)
    second = tiny.compounds.loc["way/102"].geometry
    far = shapely.points(*np.meshgrid(np.linspace(130, 188, 117), np.linspace(0, 56, 113)))

    assert local(walls).distance(yard) >= 15.0
    assert local(tiny.compounds.loc["way/101"].geometry).contains(yard)
    assert shapely.distance(far, local(walls)).max() < 15.0
    assert shapely.distance(local(second), local(walls)) == 0.0


# --- the tools they are drawn with ---


def test_free_spans_leave_out_what_is_in_the_way():
    ground = shapely.box(0, 0, 100, 50).difference(shapely.box(40, 0, 60, 30))

    assert free_spans(ground, 10.0, 20.0) == [(0.0, 40.0), (60.0, 100.0)]
    assert free_spans(ground, 31.0, 45.0) == [(0.0, 100.0)]
    assert free_spans(ground, 40.0, 60.0) == []


def test_a_vertex_goes_where_the_outline_is_nearest():
    line = with_vertex(shapely.LineString([(0, 0), (10, 0), (10, 10)]), (10.0, 4.0))
    holed = shapely.box(0, 0, 10, 10).difference(shapely.box(4, 4, 6, 6))

    assert list(line.coords) == [(0, 0), (10, 0), (10, 4), (10, 10)]
    assert with_vertex(line, (10.0, 4.0)) is not None
    assert (5.0, 4.0) in with_vertex(holed, (5.0, 4.0)).interiors[0].coords
