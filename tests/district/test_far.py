from dataclasses import replace

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from siting.district.far import middle_of, without_far
from siting.district.osm import OsmFacts
from siting.geo import WGS84

HOUSE = {"building": "apartments"}


def frame(**shapes):
    """One row a shape, tagged as a house, under the ids way/NAME."""
    tags = pd.Series([HOUSE] * len(shapes), dtype=object)
    index = pd.Index([f"way/{name}" for name in shapes], name="object_id", dtype=object)
    return gpd.GeoDataFrame({"tags": tags.to_numpy()}, geometry=list(shapes.values()), index=index, crs=WGS84)


def facts(**areas):
    dropped = pd.DataFrame(columns=["object_id", "layer", "reason"], dtype=object)
    return OsmFacts(
        name="x.osm", sha256="", generator="", points=frame(), lines=frame(), areas=frame(**areas), dropped=dropped
    )


def house(lon, lat):
    return shapely.box(lon, lat, lon + 0.0003, lat + 0.0003)


def test_the_middle_is_a_building_not_a_point_between_two_cities():
    two = facts(a=house(111.0, 45.0), b=house(116.0, 35.0))

    assert middle_of(two) == pytest.approx((111.00015, 45.00015))


def test_a_house_with_a_node_at_null_island_is_dropped_by_name_and_moves_nothing():
    astray = shapely.Polygon([(111.0, 35.0), (111.0003, 35.0), (0.0, 0.0)])
    file = facts(a=house(111.0, 35.0), astray=astray)

    near, notes = without_far(file, middle_of(file))

    assert list(near.areas.index) == ["way/a"]
    assert near.dropped["object_id"].tolist() == ["way/astray"]
    assert "km wide; a node is misplaced" in near.dropped["reason"][0]
    assert "way/astray" in notes[0]


def test_what_lies_beyond_is_dropped_and_what_reaches_there_is_cut():
    road = shapely.LineString([(111.0, 35.0), (0.0, 0.0)])
    file = facts(a=house(111.0, 35.0), b=house(121.0, 31.0))
    file = replace(file, lines=frame(road=road).assign(tags=[{"highway": "residential"}]))

    near, notes = without_far(file, (111.0, 35.0))

    assert near.dropped["object_id"].tolist() == ["way/b"]
    west = near.lines.geometry["way/road"].bounds[0]
    assert 109.8 < west < 110.0
    assert len(notes) == 2
