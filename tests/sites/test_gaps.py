"""Gaps drawn: two homes 5 m apart owe each other 6 m, so the strip between them is a zone; 6.5 m apart it is none.

Homes: (0, 0, 10, 20) and (10 + gap, 0, 20 + gap, 20), low-rise, class I-II, no position error.
"""

from datetime import date

import numpy as np
import pytest
import shapely
from builders import building, compound, district

from siting.kinds import Kind
from siting.rules.measures import FacilityFacts, Shapes, measure
from siting.rules.profiles import load_rulebook
from siting.sites.catalogue import load_catalogue
from siting.sites.gaps import _areas_of, gap_zones
from siting.sites.zones import draw_zones

BOOK = load_rulebook("national", on=date(2026, 1, 1))
CLAUSE = BOOK.clause("national.a01")


def homes(gap, *, error_m=0.0, shift=0.0):
    known = {"levels": 5.0, "fire_class": "I-II"}
    return district(
        compound((-30, -30, 60, 60), id="yard"),
        building((0, 0, 10, 20), id="west", **known),
        building((10 + gap, shift, 20 + gap, 20 + shift), id="east", **known),
        position_error_m=error_m,
    )


@pytest.mark.parametrize(("gap", "error_m", "drawn"), [(5.0, 0.0, 1), (5.5, 0.0, 1), (6.0, 0.0, 0), (5.0, 0.5, 0)])
def test_only_ground_that_surely_fails_is_drawn(gap, error_m, drawn):
    zones = gap_zones(CLAUSE, homes(gap, error_m=error_m))

    assert len(zones) == drawn
    assert list(zones["feature_id"]) == ["west + east"] * drawn or list(zones["feature_id"]) == ["east + west"] * drawn


def test_the_strip_is_drawn_whole_and_stands_among_the_zones():
    (shape,) = gap_zones(CLAUSE, homes(5.0))["geometry"]
    frame = draw_zones(homes(5.0), BOOK, (Kind.EBIKE_OPEN,), load_catalogue(None)).frame

    assert shape.covers(shapely.box(10.01, 0.5, 14.99, 19.5))
    assert shape.area == pytest.approx(100.0, abs=1.0)
    assert frame["clause_id"].eq("national.a01").sum() == 1


@pytest.mark.parametrize("shift", [0.0, 12.0, 21.0])
def test_every_place_that_takes_drawn_ground_fails(shift):
    of = homes(3.0, shift=shift)
    shapes = gap_zones(CLAUSE, of)["geometry"]
    random = np.random.default_rng(0)
    for shape in shapes:
        x0, y0, x1, y1 = shape.bounds
        points = shapely.points(random.uniform((x0, y0), (x1, y1), (400, 2)))
        inside = points[shapely.contains(shape.buffer(-0.05), points)]
        places = shapely.buffer(inside, 0.04)
        count = len(places)
        asked = Shapes(places, np.full(count, 2), places, np.arange(count), np.full(count, 2), np.full(count, 1.0))
        found = measure(CLAUSE, asked, of, FacilityFacts(kind=Kind.EBIKE_OPEN))

        assert count > 20
        assert set(found.outcome) == {"FAIL"}


def test_areas_alone_are_drawn_where_outlines_touch():
    mixed = shapely.GeometryCollection([shapely.box(0, 0, 1, 1), shapely.LineString([(1, 1), (2, 2)])])

    assert _areas_of(mixed).geom_type == "Polygon"
    assert _areas_of(shapely.LineString([(1, 1), (2, 2)])).is_empty
