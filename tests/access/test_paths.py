"""Walks as lines, on hand-drawn compounds whose corners a reader can point at."""

import builders
import numpy as np
import pytest
import shapely
from access.reach_builders import ORIGIN, demand, ground, verdicts
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from shapely import LineString, Point, box
from shapely.affinity import translate

from siting.access.paths import trace_walks
from siting.access.sharing import Sharing
from siting.access.streets import Slopes
from siting.access.walking import GroundModel, WalkOptions, measure_links

YARD = (("c1", box(0, 0, 100, 50)),)
HOUSE = ("b1", box(10, 10, 30, 20))
SHED = ("s1", box(60, 10, 70, 14))
STREET = ("r1", LineString([(-100, -5), (50, -5), (150, -5), (300, -5)]))


def traced(of, candidates=(SHED,), *, radius_m=500.0, **options):
    """Serve every pair in reach, and return the lines."""
    how = WalkOptions(radius_m=radius_m, **options)
    links = measure_links(verdicts(of, candidates), demand(of), how)
    served = links.frame.rename(columns={"candidate_id": "site_id"}).assign(served=1.0)
    return trace_walks(links, served, how)


def places(of, candidates=(SHED,), *, pair="b1>s1", **options):
    line = traced(of, candidates, **options).geometry[pair]
    return [(round(x, 3), round(y, 3)) for x, y in translate(line, -ORIGIN[0], -ORIGIN[1]).coords]


def test_a_line_bends_at_the_corners_of_what_it_walks_around():
    of = ground(compounds=YARD, buildings=[HOUSE, ("b2", box(40, 5, 50, 25))])
    assert places(of) == [(30, 10), (40, 5), (50, 5), (60, 10)]


def test_a_line_leads_through_the_gate_in_a_wall():
    wall, gate = ("w1", LineString([(45, 0), (45, 50)])), ("g1", Point(45, 40))
    of = ground(compounds=YARD, buildings=[HOUSE], barriers=[wall], gates=[gate])
    assert places(of) == [(30, 20), (45, 40), (60, 14)]


def test_a_line_follows_the_bends_of_an_archway():
    bar = ("b2", box(40, 0, 50, 50))
    arch = ("r2", LineString([(35, 12), (45, 12), (45, 14), (55, 14)]), {"kind": "footway"})
    of = ground(compounds=YARD, buildings=[HOUSE, bar, ("b3", box(80, 10, 90, 20))], roads=[arch])
    through = [(40, 12), (45, 12), (45, 14), (50, 14)]
    assert places(of)[1:-1] == through
    assert places(of, [("s1", box(10, 30, 20, 34))], pair="b3>s1")[1:-1] == through[::-1]


def test_a_line_starts_at_the_door():
    of = ground(compounds=YARD, buildings=[HOUSE], entrances=[("e1", Point(10, 15))])
    assert places(of) == [(10, 15), (10, 10), (60, 10)]


def test_a_line_goes_out_by_one_gate_along_the_street_and_in_by_another():
    yards = (*YARD, ("c2", box(120, 0, 220, 50)))
    ways = [("r2", LineString([(50, 5), (50, -5)])), ("r3", LineString([(150, 5), (150, -5)]))]
    of = ground(compounds=yards, buildings=[HOUSE], roads=[STREET, *ways])
    shed = ("s1", box(145, 10, 155, 14), {"compound_id": "c2"})
    line = places(of, [shed], sharing=Sharing.EVERYONE)
    assert line == [(30, 10), (50, 0), (50, -5), (150, -5), (150, 0), (150, 10)]


def test_a_line_passes_a_gate_that_no_way_reaches():
    yards = (("c1", box(0, 0, 100, 50)), ("c2", box(120, 0, 220, 50)))
    gates = [("g1", Point(50, -1)), ("g2", Point(150, -1))]
    of = ground(compounds=yards, buildings=[HOUSE], roads=[STREET], gates=gates)
    shed = ("s1", box(145, 10, 155, 14), {"compound_id": "c2"})
    line = places(of, [shed], sharing=Sharing.EVERYONE)
    assert line == [(30, 10), (50, 0), (50, -1), (50, -5), (150, -5), (150, -1), (150, 0), (150, 10)]


def test_a_site_at_the_house_has_no_line():
    walks = traced(ground(compounds=YARD, buildings=[HOUSE]), [("s1", box(30, 10, 40, 14))])
    assert walks.geometry.isna().all()
    assert walks["line_m"].tolist() == [0.0]
    assert walks["undrawn"].tolist() == ["at_building"]


def test_what_a_tower_walks_inside_its_podium_is_told_apart():
    of = ground(compounds=YARD, buildings=[HOUSE, ("b2", box(5, 5, 40, 40))])
    walks = traced(of)
    assert walks.loc["b1>s1", ["walk_m", "line_m", "inside_m"]].tolist() == pytest.approx([30, 20, 10])


STALLS = ("s1", box(60, 10, 70, 14), {"kind": "ev_garage", "garage_id": "g1"})
ZONE = builders.parking((40, 5, 95, 45), id="g1", kind="underground", compound_id="c1", entrance_walk_m=25.0)


def garage(*downs):
    doors = [(f"e{at}", down, {"kind": "garage", "building_id": "g1"}) for at, down in enumerate(downs)]
    return ground(compounds=YARD, buildings=[HOUSE], entrances=doors, others=[ZONE])


def test_a_line_into_a_garage_ends_at_the_way_down_that_is_nearest():
    walks = traced(garage(Point(90, 45), Point(50, 30)), [STALLS])
    line = translate(walks.geometry["b1>s1"], -ORIGIN[0], -ORIGIN[1])
    assert [(round(x, 2), round(y, 2)) for x, y in line.coords] == [(30, 20), (49.95, 29.95)]
    assert walks["inside_m"].tolist() == pytest.approx([25.0])
    assert walks["walk_m"].tolist() == pytest.approx([line.length + 25.0])
    assert walks["undrawn"].isna().all()


def test_a_garage_whose_way_down_is_in_the_house_has_no_line_and_says_why():
    walks = traced(garage(Point(30, 15)), [STALLS])
    assert walks.geometry.isna().all()
    assert walks["undrawn"].tolist() == ["in_garage"]
    assert walks["inside_m"].tolist() == walks["walk_m"].tolist()


@pytest.mark.parametrize("ground_model", list(GroundModel))
def test_what_steep_ways_count_beyond_their_length_is_told_apart(ground_model):
    yards = (*YARD, ("c2", box(120, 0, 220, 50)))
    ways = [("r2", LineString([(50, 5), (50, -5)])), ("r3", LineString([(150, 5), (150, -5)]))]
    steep = ("r1", LineString([(-100, -5), (50, -5), (150, -5), (300, -5)]), {"slope_percent": 10.0})
    of = ground(compounds=yards, buildings=[HOUSE], roads=[steep, *ways])
    shed = ("s1", box(145, 10, 155, 14), {"compound_id": "c2"})
    walks = traced(of, [shed], sharing=Sharing.EVERYONE, slopes=Slopes(factor=1.5), ground=ground_model)
    row = walks.loc["b1>s1"]
    assert row["slope_m"] == pytest.approx(50.0, abs=12.0 if ground_model == "network" else 1e-6)
    assert row["line_m"] + row["slope_m"] == pytest.approx(row["walk_m"])
    assert row["inside_m"] == 0.0


def test_on_mapped_ways_a_line_has_two_straight_legs():
    of = ground(compounds=YARD, buildings=[HOUSE], roads=[STREET])
    line = places(of, ground=GroundModel.NETWORK)
    assert line[0][1] == line[-1][1] == 10
    assert {y for _, y in line[1:-1]} == {-5}


def test_nothing_served_is_an_empty_table():
    walks = traced(ground(compounds=YARD, buildings=[HOUSE]), [])
    assert walks.empty
    assert walks.index.name == "walk_id"


boxes = st.builds(
    lambda x, y, wide, deep: box(x, y, x + wide, y + deep),
    st.integers(0, 80),
    st.integers(0, 60),
    st.integers(3, 25),
    st.integers(3, 25),
)
walls = st.builds(
    lambda x, y, ahead, aside: LineString([(x, y), (x + ahead, y + aside)]),
    st.integers(5, 90),
    st.integers(5, 70),
    st.integers(-30, 30),
    st.integers(1, 30),
)


def crossings_m(lines, solids, walls):
    """Return the most metres that any line leads through a solid, and the number of walls crossed."""
    inner = np.array([shape.buffer(-0.004) for shape in solids], dtype=object)
    through = shapely.length(shapely.intersection(lines[:, np.newaxis], inner)) if len(inner) else np.zeros((1, 1))
    crossed = 0
    for line in lines:
        for start, end in zip(line.coords[:-1], line.coords[1:], strict=True):
            step = LineString([start, end])
            if step.length <= 0.02:
                continue
            middle = shapely.LineString([step.interpolate(0.005), step.interpolate(step.length - 0.005)])
            crossed += sum(middle.crosses(wall) and not _slides(middle, wall) for wall in walls)
    return float(through.max(initial=0.0)), crossed


def _slides(step, wall):
    """Return whether a step runs along a wall, or past its end, within the millimetre that it keeps from it."""
    ends = wall.boundary
    met = step.intersection(wall)
    return step.intersection(wall.buffer(0.003)).length > 0.05 or met.distance(ends) < 0.003


@settings(max_examples=20, deadline=None, derandomize=True)
@given(houses=st.lists(boxes, min_size=1, max_size=6), fences=st.lists(walls, max_size=3), shed=boxes)
def test_lines_are_as_long_as_walks_and_cross_no_house_and_no_wall(houses, fences, shed):
    assume(not any(house.intersects(shed) for house in houses))
    of = ground(
        compounds=[("c1", box(0, 0, 100, 80))],
        buildings=[(f"b{number}", house) for number, house in enumerate(houses)],
        barriers=[(f"w{number}", fence) for number, fence in enumerate(fences)],
    )
    walks = traced(of, [("s1", shed)])
    assert (walks["line_m"] + walks["inside_m"]).to_numpy() == pytest.approx(walks["walk_m"].to_numpy(), abs=1e-3)
    drawn = walks[walks.geometry.notna()]
    solids = list(of.buildings.geometry)
    through_m, crossed = crossings_m(drawn.geometry.to_numpy(), solids, list(of.barriers.geometry))
    assert through_m < 0.01
    assert crossed == 0
    site = translate(shed, *ORIGIN)
    for walk in drawn.itertuples():
        assert shapely.distance(Point(walk.geometry.coords[-1]), site) < 0.002 or walk.inside_m >= 0
