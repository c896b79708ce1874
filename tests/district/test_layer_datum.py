"""A layer in another datum than it declares: unmasked by what the map shows, and the right one named.

400 houses of 20 m x 12 m on an uneven grid with a street between the rows, all in one compound; EPSG:4546, 111 E, 35 N.
"""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from builders import CRS_M, building, compound, district, road

from siting.district.coordinates import parse_datum, shapes_from_wgs84, wgs84_from_gcj02
from siting.district.layer_place import place_shapes
from siting.district.layers import LayerSpec, apply_layers
from siting.errors import LayerError

ORIGIN = (500000.0, 3874600.0)
WORDS = {"": "wgs84", "gcj02": "gcj02", "bd09": "bd09"}


def corners():
    return [(70 * column + 9 * (row % 3), 60 * row + 7 * (column % 4)) for row in range(20) for column in range(20)]


def drawn():
    houses = [building((x, y, x + 20, y + 12)) for x, y in corners()]
    streets = [road([(-20, 60 * row - 12), (1450, 60 * row - 12)]) for row in range(20)]
    return district(compound((-15, -10, 1420, 1230)), *houses, *streets, origin=ORIGIN)


def layer(tmp_path, role, shapes, *, truth, declared):
    """Write shapes (metres from the origin) as a GeoJSON whose degrees are in `truth`; GeoJSON itself says WGS 84."""
    moved = shapely.transform(np.array(shapes, dtype=object), lambda xy: xy + ORIGIN)
    degrees = gpd.GeoSeries(moved, crs=CRS_M).to_crs(4326)
    path = tmp_path / f"{role}.geojson"
    rows = pd.DataFrame({"id": [f"P{number}" for number in range(len(shapes))]})
    bent = shapes_from_wgs84(degrees.to_numpy(), truth)
    gpd.GeoDataFrame(rows, geometry=list(bent), crs=4326).to_file(path, engine="pyogrio")
    return LayerSpec(role=role, path=path, crs=WORDS[declared] if declared else None)


def houses(count=40):
    return [shapely.box(x + 1, y + 1, x + 19, y + 11) for x, y in corners()[:count]]


@pytest.mark.parametrize("truth", ["", "gcj02", "bd09"])
@pytest.mark.parametrize("declared", ["", "gcj02", "bd09"])
def test_buildings_in_the_wrong_datum_are_refused_and_the_right_one_named(tmp_path, truth, declared):
    spec = layer(tmp_path, "buildings", houses(400), truth=truth, declared=declared)
    if truth == declared:
        result = apply_layers(drawn(), [spec])
        assert [note for note in result.notes if "datum" in note] == []
        assert result.buildings.loc["P0"].geometry.equals_exact(
            shapely.box(ORIGIN[0] + 1, ORIGIN[1] + 1, ORIGIN[0] + 19, ORIGIN[1] + 11), 0.02
        )
        return

    with pytest.raises(LayerError, match=rf'is not {WORDS[declared]}: .* declare crs = "{WORDS[truth]}"'):
        apply_layers(drawn(), [spec])


def test_a_layer_straightened_once_too_often_is_refused_as_such(tmp_path):
    away = gpd.GeoSeries(shapely.transform(np.array(houses(400)), lambda xy: xy + ORIGIN), crs=CRS_M).to_crs(4326)
    path = tmp_path / "buildings.geojson"
    wrong = shapely.transform(away.to_numpy(), wgs84_from_gcj02)
    gpd.GeoDataFrame(geometry=list(wrong), crs=4326).to_file(path, engine="pyogrio")

    with pytest.raises(LayerError, match="straightened once too often"):
        apply_layers(drawn(), [LayerSpec(role="buildings", path=path)])


def test_compounds_that_cut_buildings_are_refused(tmp_path):
    blocks = [shapely.box(280 * column - 8, -8, 280 * column + 262, 1200) for column in range(5)]
    right = layer(tmp_path, "compounds", blocks, truth="gcj02", declared="gcj02")
    assert len(apply_layers(drawn(), [right]).compounds) == 5

    wrong = layer(tmp_path, "compounds", blocks, truth="gcj02", declared="")
    with pytest.raises(LayerError, match=r'of the buildings it meets lie wholly inside .* declare crs = "gcj02"'):
        apply_layers(drawn(), [wrong])


def test_roads_beside_the_mapped_ones_are_refused(tmp_path):
    lanes = [shapely.LineString([(0, 60 * row - 12), (1400, 60 * row - 12)]) for row in range(3, 12)]
    wrong = layer(tmp_path, "roads", lanes, truth="bd09", declared="")

    with pytest.raises(LayerError, match='declare crs = "bd09"'):
        apply_layers(drawn(), [wrong])


def test_hydrants_prove_nothing_and_that_is_said(tmp_path):
    spec = layer(tmp_path, "hydrants", [shapely.Point(400, 400)], truth="gcj02", declared="gcj02")

    assert "nothing on the map tells whether its datum (gcj02) is right" in " ".join(
        apply_layers(drawn(), [spec]).notes
    )


def test_a_few_buildings_prove_nothing_and_that_is_said(tmp_path):
    spec = layer(tmp_path, "buildings", houses(4), truth="", declared="")

    assert "too few of its buildings" in " ".join(apply_layers(drawn(), [spec]).notes)


def test_a_shifted_layer_in_hong_kong_must_say_what_the_map_does_there(tmp_path):
    crs = gpd.GeoSeries([], crs=32650).crs
    area = gpd.GeoSeries([shapely.box(114.15, 22.27, 114.17, 22.29)], crs=4326).to_crs(crs).iloc[0]
    shapes = np.array([shapely.Point(114.16, 22.28)], dtype=object)

    def placed(text):
        return place_shapes(shapes, parse_datum(text, "a"), target=crs, area=area, file_name="a.csv", ids=["H"])

    with pytest.raises(LayerError, match="lies in Hong Kong, where maps in gcj02 differ"):
        placed("gcj02")
    moved = placed("gcj02-everywhere")[0].distance(placed("wgs84")[0])
    assert 300 < moved < 800
