"""Which residential polygons are compounds."""

import pytest
import shapely
from builders import building, compound, district
from district.osm_text import OsmText
from hypothesis import given, settings
from hypothesis import strategies as st

from siting.district.compounds import Bounds, compounds_from_osm, cover_shares, without_overlaps
from siting.district.osm import read_osm
from siting.district.tabulate import project
from siting.geo import metric_crs

ANY_SIZE = Bounds(least_ha=0.0, most_ha=1e6)


def test_area_decides_what_is_a_compound(tmp_path):
    text = (
        OsmText()
        .area((0, 0, 100, 60), landuse="residential")  # way/1: 0.6 ha
        .area((200, 0, 220, 30), landuse="residential")  # way/2: 0.06 ha
        .area((1000, 0, 1600, 600), landuse="residential")  # way/3: 36 ha
        .area((0, 200, 300, 400), place="neighbourhood", name="西苑")  # way/4: 6 ha
        .area((10, 10, 60, 22), building="yes")
    )
    raw = project(read_osm(text.write(tmp_path / "a.osm")), metric_crs(111, 35))

    compounds, dropped = compounds_from_osm(raw)

    assert list(compounds.index) == ["way/1", "way/4"]
    assert compounds.loc["way/4", "name"] == "西苑"
    assert list(dropped["object_id"]) == ["way/2", "way/3"]
    assert dropped["reason"].iloc[0] == "0.06 ha is less than the 0.1 ha of the smallest compound"
    assert dropped["reason"].iloc[1].startswith("36.0 ha is a district")


def test_the_inner_polygon_wins_and_the_outer_keeps_the_rest():
    outer, inner = shapely.box(0, 0, 100, 100), shapely.box(0, 0, 40, 100)

    kept, lost = without_overlaps(["a", "b"], [outer, inner], bounds=ANY_SIZE)

    assert kept["b"].area == 4000
    assert kept["a"].equals(shapely.box(40, 0, 100, 100))
    assert not lost


def test_an_outer_polygon_full_of_compounds_is_a_quarter():
    shapes = [shapely.box(0, 0, 100, 100), shapely.box(0, 0, 45, 100), shapely.box(55, 0, 100, 100)]

    kept, lost = without_overlaps(["q", "a", "b"], shapes, bounds=ANY_SIZE)

    assert sorted(kept) == ["a", "b"]
    assert lost == [("q", "is mostly taken by smaller compounds (a, b)")]


def test_the_same_ground_twice_counts_once():
    shapes = [shapely.box(0, 0, 100, 100), shapely.box(0, 0, 100, 99)]

    kept, lost = without_overlaps(["a", "b"], shapes, bounds=ANY_SIZE)

    assert list(kept) == ["b"]
    assert lost == [("a", "is the same ground as b")]


boxes = st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(5, 20), st.integers(5, 20)).map(
    lambda at: shapely.box(10 * at[0], 10 * at[1], 10 * (at[0] + at[2]), 10 * (at[1] + at[3]))
)


@settings(deadline=None, max_examples=40)
@given(st.lists(boxes, min_size=1, max_size=8), st.randoms(use_true_random=False))
def test_compounds_never_overlap_and_the_order_of_the_file_does_not_matter(shapes, random):
    ids = [f"way/{number}" for number in range(len(shapes))]
    kept, lost = without_overlaps(ids, shapes, bounds=ANY_SIZE)
    order = list(range(len(ids)))
    random.shuffle(order)
    again, _ = without_overlaps([ids[at] for at in order], [shapes[at] for at in order], bounds=ANY_SIZE)

    assert sorted([*kept, *(key for key, _ in lost)]) == sorted(ids)
    assert sum(shape.area for shape in kept.values()) == pytest.approx(shapely.union_all(list(kept.values())).area)
    assert list(kept) == list(again)
    assert all(kept[key].equals(again[key]) for key in kept)


def test_cover_counts_overlapping_outlines_once():
    drawn = district(
        compound((0, 0, 100, 100)),
        compound((200, 0, 300, 100)),
        building((0, 0, 50, 20)),
        building((0, 10, 50, 30)),
        building((90, 90, 110, 110)),
    )

    assert list(cover_shares(drawn.compounds, drawn.buildings)) == pytest.approx([0.16, 0.0])
