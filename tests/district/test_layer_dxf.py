"""DXF: what of a drawing becomes an outline, how it is called, and where it lies.

Drawn in drawing units around (1000, 2000), which is the corner of the first compound: 111 E, 35 N, metres.
"""

import pytest
import shapely
from builders import building, compound, district

from siting.district.layer_spec import DxfAnchor, DxfMapping, LayerSpec
from siting.district.layers import apply_layers
from siting.district.synthetic_dxf import arc, block, circle, drawing, insert, line, point, polyline, text
from siting.errors import LayerError

ORIGIN = (500000.0, 3874592.9)  # 111 E, 35 N in EPSG:4546
ANCHOR = DxfAnchor(x=1000.0, y=2000.0, lon=111.0, lat=35.0)


def drawn():
    return district(compound((0, 0, 200, 100), id="way/1"), building((10, 80, 20, 90), id="way/9"), origin=ORIGIN)


def at(x, y):
    return (1000.0 + x, 2000.0 + y)


def ring(x0, y0, x1, y1):
    return [at(x0, y0), at(x1, y0), at(x1, y1), at(x0, y1)]


HOUSES = drawing(
    polyline("建筑-住宅", ring(10, 10, 40, 20), "1A", closed=True),
    polyline("建筑-住宅", [*ring(50, 10, 80, 20), at(50, 10.3)], "1B"),  # open by 0.3 m
    polyline("建筑-住宅", [at(90, 20), at(90, 10), at(120, 10)], "1C"),  # two pieces make one ring
    polyline("建筑-住宅", [at(120, 10), at(120, 20), at(90.2, 20)], "1D"),
    polyline("建筑-住宅", [at(130, 10), at(160, 10), at(160, 20)], "1E"),  # open by far
    line("围墙", at(0, 0), at(200, 0), "2A"),
    text("楼名", at(15, 12), "三号楼", "3A"),
    point("消火栓", at(5, 5), "4A"),
)


def spec(tmp_path, role, content=HOUSES, *, encoding="gb18030", crs=None, **mapping):
    path = tmp_path / f"{role}.dxf"
    path.write_bytes(content.encode(encoding))
    return LayerSpec(role=role, path=path, crs=crs, dxf=DxfMapping(**{"anchor": ANCHOR} | mapping))


def test_closed_nearly_closed_and_pieced_lines_are_outlines(tmp_path):
    result = apply_layers(drawn(), [spec(tmp_path, "buildings", layers=("建筑*",), text_layers=("楼名",))])

    table = result.buildings
    assert table.index.tolist() == ["dxf/1A", "dxf/1B", "dxf/1C", "way/9"]
    assert table.area.round(0).tolist() == [300.0, 300.0, 300.0, 100.0]
    assert table.loc["dxf/1A", "name"] == "三号楼"
    assert table.loc["dxf/1A"].geometry.equals_exact(
        shapely.box(ORIGIN[0] + 10, ORIGIN[1] + 10, ORIGIN[0] + 40, ORIGIN[1] + 20).normalize(), 0.05
    ) or table.loc["dxf/1A"].geometry.hausdorff_distance(
        shapely.box(ORIGIN[0] + 10, ORIGIN[1] + 10, ORIGIN[0] + 40, ORIGIN[1] + 20)
    ) == pytest.approx(0.0, abs=0.05)
    assert "1 things are open, or no buildings, and are left out (handles 1E)" in " ".join(result.notes)


@pytest.mark.parametrize(
    ("version", "codepage", "encoding"),
    [("AC1015", "ANSI_936", "gb18030"), ("AC1027", "ANSI_936", "utf-8"), ("AC1015", "ANSI_1252", "gb18030")],
)
def test_chinese_layers_are_found_whatever_the_file_says_of_its_encoding(tmp_path, version, codepage, encoding):
    content = HOUSES.replace("AC1015", version).replace("ANSI_936", codepage)
    result = apply_layers(drawn(), [spec(tmp_path, "hydrants", content, encoding=encoding, layers=("消火栓",))])

    place = result.obstacles.loc["dxf/4A"].geometry
    assert (place.x - ORIGIN[0], place.y - ORIGIN[1]) == pytest.approx((5.0, 5.0), abs=0.05)


def test_lines_stay_lines_where_the_role_wants_lines(tmp_path):
    result = apply_layers(drawn(), [spec(tmp_path, "barriers", layers=("围墙",))])

    assert result.barriers.length.round(1).tolist() == [200.0]


def test_a_drawing_in_millimetres_turned_by_a_right_angle_comes_back(tmp_path):
    """Turned clockwise by 90 degrees, (x, y) is drawn at (y, -x)."""
    corners = [(10, 10), (40, 10), (40, 20), (10, 20)]
    content = drawing(polyline("A", [(1000.0 * y, -1000.0 * x) for x, y in corners], "1", closed=True))
    anchor = DxfAnchor(x=0.0, y=0.0, lon=111.0, lat=35.0, rotation_deg=90.0)
    result = apply_layers(drawn(), [spec(tmp_path, "buildings", content, anchor=anchor, unit_m=0.001)])

    west, south, east, north = result.buildings.loc["dxf/1"].geometry.bounds
    assert (west - ORIGIN[0], south - ORIGIN[1]) == pytest.approx((10.0, 10.0), abs=0.05)
    assert (east - ORIGIN[0], north - ORIGIN[1]) == pytest.approx((40.0, 20.0), abs=0.05)


def test_an_anchor_picked_on_a_map_in_gcj02_is_straightened(tmp_path):
    anchor = DxfAnchor(x=1000.0, y=2000.0, lon=111.00577935, lat=34.99924472)
    result = apply_layers(drawn(), [spec(tmp_path, "hydrants", layers=("消火栓",), anchor=anchor, crs="gcj02")])

    assert result.obstacles.loc["dxf/4A"].geometry.x - ORIGIN[0] == pytest.approx(5.0, abs=1.0)


def test_a_drawing_in_a_declared_crs_needs_no_anchor(tmp_path):
    corners = [(ORIGIN[0] + x, ORIGIN[1] + y) for x, y in ((10, 10), (40, 10), (40, 20), (10, 20))]
    content = drawing(polyline("A", corners, "1", closed=True))
    result = apply_layers(drawn(), [spec(tmp_path, "buildings", content, anchor=None, crs="EPSG:4546")])

    assert result.buildings.loc["dxf/1"].geometry.area == pytest.approx(300.0)


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        (HOUSES, {"anchor": None}, "a drawing says no CRS; declare crs= .* or an anchor"),
        (HOUSES, {"layers": ("房屋",)}, "has nothing on the layers 房屋; it has 围墙, 建筑-住宅"),
        (HOUSES, {"layers": ("消火栓",)}, "hold no shape that buildings can have"),
        (HOUSES, {"crs": "EPSG:4546"}, "an anchor is a longitude and latitude"),
        ("AC1032 binary DWG", {}, "is not a DXF drawing"),
    ],
)
def test_drawings_that_do_not_say_enough_are_one_line(tmp_path, content, options, words):
    with pytest.raises(LayerError, match=words):
        apply_layers(drawn(), [spec(tmp_path, "buildings", content, **options)])


def test_a_block_counts_where_it_is_inserted_turned_and_scaled(tmp_path):
    def house(x0, y0, x1, y1, handle):
        return polyline("建筑", [(x0, y0), (x1, y0), (x1, y1), (x0, y1)], handle, closed=True)

    content = drawing(
        insert("建筑", "PAIR", at(60, 30), "3A", turn_deg=90.0),
        insert("建筑", "ONE", at(80, 30), "3B", scale=(2.0, 1.0)),
        blocks=[
            block("PAIR", house(0, 0, 30, 10, "2A"), house(0, 20, 15, 30, "2B")),
            block("ONE", house(0, 0, 15, 10, "2C")),
        ],
    )
    table = apply_layers(drawn(), [spec(tmp_path, "buildings", content)]).buildings.drop("way/9")
    assert table.index.tolist() == ["dxf/3A.1", "dxf/3A.2", "dxf/3B"]
    assert table.area.round(0).tolist() == [300.0, 150.0, 300.0]
    west, south, east, north = table.geometry["dxf/3A.1"].bounds
    assert (west - ORIGIN[0], south - ORIGIN[1], east - ORIGIN[0], north - ORIGIN[1]) == pytest.approx(
        (50, 30, 60, 60), abs=0.05
    )


def test_arcs_bulges_and_circles_are_outlines(tmp_path):
    content = drawing(
        polyline("建筑", ring(10, 10, 30, 20), "1A", closed=True, bulges={1: 1.0}),  # half a circle of 5 m on one side
        arc("建筑", at(60, 30), 10.0, (0.0, 180.0), "1B"),
        line("建筑", at(50, 30), at(70, 30), "1C"),
        circle("建筑", at(100, 30), 10.0, "1D"),
    )
    table = apply_layers(drawn(), [spec(tmp_path, "buildings", content)]).buildings.drop("way/9")
    assert table.index.tolist() == ["dxf/1A", "dxf/1B", "dxf/1D"]
    half = 3.14159 / 2
    assert table.area.tolist() == pytest.approx([200 + half * 25, half * 100, 2 * half * 100], rel=0.005)
