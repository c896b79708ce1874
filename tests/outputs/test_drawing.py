import geopandas as gpd
import numpy as np
from outputs import run_builders as builders
from shapely import LineString, Point, Polygon, box

from siting.geo import WGS84
from siting.outputs.drawing import dissolved, encode


def test_steps_count_from_the_origin_on_the_lattice():
    square = Polygon([(120.0, 30.0), (120.0001, 30.0), (120.0001, 30.0002)], [])
    (polygon,) = encode(gpd.GeoSeries([square], crs=WGS84), (120.0, 30.0))
    assert polygon == [[[0, 0, 1000, 0, 0, 2000]]]


def test_lines_points_holes_and_nothing():
    shapes = [
        Point(120.0000001, 30.0),
        LineString([(120.0, 30.0), (120.0, 30.0000005)]),
        box(120, 30, 120.0001, 30.0001).difference(box(120.00001, 30.00001, 120.00002, 30.00002)),
        None,
    ]
    point, line, holed, nothing = encode(gpd.GeoSeries(shapes, crs=WGS84), (120.0, 30.0))
    assert point == [1, 0]
    assert line == [[0, 0, 0, 5]]
    assert [len(ring) for ring in holed[0]] == [8, 8]
    assert nothing is None


def test_a_dissolved_zone_covers_its_parts_but_for_the_tolerance():
    parts = gpd.GeoSeries([builders.at(box(0, 0, 10, 10)), builders.at(Point(10, 5).buffer(6))], crs=builders.CRS_M)
    (merged,) = dissolved(parts, 0.2)
    assert merged.hausdorff_distance(parts.union_all()) <= 0.21
    assert np.isclose(merged.area, parts.union_all().area, rtol=0.05)
