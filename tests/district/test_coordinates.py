"""Datums of Chinese data: published vectors, round trips, zones, and who decides in Hong Kong, Macau and Taiwan."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS, Geod, Transformer

from siting.district.coordinates import (
    Datum,
    bd09_from_wgs84,
    gcj02_from_wgs84,
    in_separate_region,
    parse_datum,
    shapes_from_wgs84,
    shapes_to_wgs84,
    wgs84_from_bd09,
    wgs84_from_gcj02,
)
from siting.errors import LayerError
from siting.geo import WGS84

GEOD = Geod(ellps="WGS84")
YUNCHENG = (111.0, 35.03)


def metres(one, other):
    return GEOD.inv(*np.atleast_2d(one).T, *np.atleast_2d(other).T)[2]


def scattered(count):
    dice = np.random.default_rng(20241121)
    return np.column_stack((dice.uniform(75, 134, count), dice.uniform(18, 53, count)))


# --- against others' figures ---


@pytest.mark.parametrize(
    ("wgs84", "gcj02", "bd09"),
    [  # the package coord-convert 0.2.1 (2019), which follows the published formula
        ((116.404, 39.915), (116.41024449916938, 39.91640428150164), (116.41662724378733, 39.922699552216216)),
        ((111.0, 35.03), (111.00578019924303, 35.02924464340622), (111.01216970521804, 35.03555931179933)),
    ],
)  # fmt: skip
def test_published_vectors(wgs84, gcj02, bd09):
    assert gcj02_from_wgs84(wgs84)[0] == pytest.approx(gcj02, abs=1e-12)
    assert bd09_from_wgs84(wgs84)[0] == pytest.approx(bd09, abs=1e-12)


def test_the_formula_is_that_of_coord_convert():
    peer = pytest.importorskip("coord_convert.transform", reason="coord-convert is in the extra `test`")
    points = scattered(500)

    for ours, theirs in ((gcj02_from_wgs84, peer.wgs2gcj), (bd09_from_wgs84, peer.wgs2bd)):
        expected = np.array([theirs(*point) for point in points.tolist()])
        assert metres(ours(points, everywhere=True), expected).max() < 1e-7


def test_the_offsets_are_those_that_were_measured():
    assert metres(YUNCHENG, gcj02_from_wgs84(YUNCHENG))[0] == pytest.approx(534, abs=5)
    assert 1000 < metres(YUNCHENG, bd09_from_wgs84(YUNCHENG))[0] < 1400


# --- there and back ---


@pytest.mark.parametrize(("there", "back"), [(gcj02_from_wgs84, wgs84_from_gcj02), (bd09_from_wgs84, wgs84_from_bd09)])
def test_round_trips_close_below_a_thousandth_of_a_millimetre(there, back):
    points = scattered(5000)

    assert metres(points, back(there(points, everywhere=True), everywhere=True)).max() < 1e-6
    assert metres(points, there(back(points, everywhere=True), everywhere=True)).max() < 1e-6


@settings(deadline=None, max_examples=50)
@given(st.floats(73, 137), st.floats(1, 55), st.sampled_from(["gcj02", "bd09"]))
def test_any_shape_comes_back(lon, lat, shift):
    shape = np.array([shapely.box(lon, lat, lon + 0.01, lat + 0.01), None], dtype=object)
    datum = Datum(label=shift, crs=WGS84, shift=shift, everywhere=True)
    back = shapes_to_wgs84(shapes_from_wgs84(shape, shift), datum)

    assert metres(shapely.get_coordinates(back), shapely.get_coordinates(shape)).max() < 1e-6
    assert back[1] is None


def test_outside_china_nothing_bends():
    abroad = np.array([(2.35, 48.85), (-70.0, -30.0), (150.0, 35.0)])

    assert (gcj02_from_wgs84(abroad) == abroad).all()
    assert (wgs84_from_bd09(abroad) == abroad).all()
    assert (wgs84_from_gcj02([(500000.0, 3874600.0)]) == [(500000.0, 3874600.0)]).all()


# --- where providers differ ---


@pytest.mark.parametrize(
    ("place", "region"),
    [
        ((114.16, 22.28), "Hong Kong"),
        ((113.55, 22.16), "Macau"),
        ((121.56, 25.04), "Taiwan"),
        ((114.06, 22.54), ""),  # Futian, Shenzhen
        ((113.57, 22.27), ""),  # Zhuhai
        ((118.08, 24.48), ""),  # Xiamen
    ],
)
def test_hong_kong_macau_and_taiwan_bend_only_on_request(place, region):
    bent = gcj02_from_wgs84(place)

    assert in_separate_region(place) == region
    assert bool(metres(place, bent)[0] > 100) is (region == "")
    assert metres(place, gcj02_from_wgs84(place, everywhere=True))[0] > 100
    assert metres(place, wgs84_from_gcj02(bent))[0] < 1e-6


# --- words ---


@pytest.mark.parametrize(
    ("text", "epsg", "shift"),
    [
        ("WGS 84", 4326, ""),
        ("cgcs2000", 4490, ""),
        ("国家2000", 4490, ""),
        ("CGCS2000 zone 37", 4525, ""),
        ("cgcs2000 CM 111E", 4546, ""),
        ("EPSG:4546", 4546, ""),
        ("GCJ-02", 4326, "gcj02"),
        ("火星坐标", 4326, "gcj02"),
        ("bd09ll", 4326, "bd09"),
    ],
)
def test_what_a_layer_may_declare(text, epsg, shift):
    datum = parse_datum(text, "a.csv")

    assert (datum.crs.to_epsg(), datum.shift, datum.everywhere) == (epsg, shift, False)
    assert parse_datum("gcj02-everywhere", "a.csv").everywhere


@pytest.mark.parametrize("text", ["gcj03", "bd09mc", "cgcs2000 zone 20", "cgcs2000 cm 112", "EPSG:99999", "here"])
def test_what_nobody_knows_is_one_line(text):
    with pytest.raises(LayerError, match=r"^a\.csv: [^\n]*$"):
        parse_datum(text, "a.csv")


def test_zones_with_and_without_their_number_are_the_same_place():
    """Zone 37 has its meridian at 111 E: 37,500,000 m there is 500,000 m without the prefix."""
    to_degrees = [
        Transformer.from_crs(parse_datum(word, "a").crs, CRS.from_epsg(4490), always_xy=True).transform(
            easting, 3874600
        )
        for word, easting in (("cgcs2000 zone 37", 37500100.0), ("cgcs2000 cm 111", 500100.0))
    ]

    assert to_degrees[0] == pytest.approx(to_degrees[1], abs=1e-12)
    assert to_degrees[0][0] > 111.001
