"""The audit's own demand and walks: on paper, and against the stage that planned with them."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import shapely
from access.reach_builders import ORIGIN, verdicts
from builders import building, compound, district, entrance, road
from plan.audit_builders import edit_csv, edit_layer, write_run_folder
from shapely.affinity import rotate

from siting.access.demand import DemandOptions, estimate_demand
from siting.access.record import Demand
from siting.access.walking import GroundModel, WalkOptions, measure_links
from siting.district.build import SourceOptions, read_district
from siting.plan import audit_walking
from siting.plan.audit import audit_run
from siting.plan.audit_demand import demand_again
from siting.plan.audit_reading import DemandRates, facts_of, read_run_folder
from siting.plan.audit_walking import walks_again

QUARTER = Path(__file__).parents[2] / "datasets" / "quarter.osm.pbf"
EBIKES = DemandRates(vehicle="ebike", per_household=1.0, m2_per_household=100.0, default_levels=5.0)


def vehicles(*items):
    return demand_again(facts_of(district(*items)), EBIKES)


def home(number: int, **values):
    return building((20.0 * number, 0, 20.0 * number + 10, 10), id=f"b/{number}", compound_id="c/1", **values)


GROUND = (0, 0, 200, 50)


def test_demand_of_a_building_that_says_nothing_is_footprint_times_levels():
    # 10 m x 10 m x 5 levels / 100 m2 a household
    assert vehicles(compound(GROUND, id="c/1"), home(1)) == {"b/1": 5.0}


def test_own_levels_then_height_then_the_median_of_three():
    found = vehicles(
        compound(GROUND, id="c/1"), home(1, levels=2.0), home(2, height_m=9.0), home(3, levels=4.0), home(4)
    )

    assert found == {"b/1": 2.0, "b/2": 3.0, "b/3": 4.0, "b/4": 3.0}


def test_a_compounds_figure_is_split_by_floor_area_in_whole_households():
    found = vehicles(compound(GROUND, id="c/1", households=10.0), home(1), home(2), home(3, households=3.0))

    assert found == {"b/1": 4.0, "b/2": 3.0, "b/3": 3.0}


def test_a_counted_fleet_is_shared_by_households():
    found = vehicles(compound(GROUND, id="c/1", ebikes=30.0), home(1, households=10.0), home(2, households=20.0))

    assert found == {"b/1": 10.0, "b/2": 20.0}


def test_only_homes_inside_a_compound_count():
    hut = building((100, 0, 105, 5), id="b/8", compound_id="c/1", use="unknown")
    shop = building((120, 0, 130, 10), id="b/9", compound_id="c/1", use="commercial")

    assert vehicles(compound(GROUND, id="c/1"), home(1), hut, shop) == {"b/1": 5.0}


@pytest.mark.parametrize("vehicle", ["ebike", "ev"])
def test_both_roads_count_the_same_demand_on_the_embedded_quarter(vehicle):
    of = read_district(SourceOptions(osm=QUARTER))
    options = DemandOptions(vehicle=vehicle)
    rates = DemandRates(
        vehicle=vehicle,
        per_household=options.per_household,
        m2_per_household=options.m2_per_household,
        default_levels=options.default_levels,
    )

    theirs = estimate_demand(of, options).frame["vehicles"]

    assert demand_again(facts_of(of), rates) == pytest.approx(dict(theirs))


def walked(run):
    checked, notes = audit_walking.check_walks(run)
    return [(finding.feature_id, finding.measured) for finding in checked.findings], notes


def test_a_walk_is_leg_and_way_and_leg(tmp_path):
    folder = write_run_folder(tmp_path / "run")
    edit_csv(folder, "links.csv", lambda links: links.assign(walk_m="1"))

    # b/1: 25 m to the lane, from y = 45 down to y = 14, 4 m to the site; b/2 only 10 m to the lane.
    assert walked(read_run_folder(folder))[0] == [("b/1", 60.0), ("b/2", 45.0), ("b/3", 60.0)]


def test_an_island_is_no_way(tmp_path):
    folder = write_run_folder(tmp_path / "run")

    def cut(roads):  # the lane of compound 1 no longer meets the street and is shorter than it
        shapes = [
            shapely.LineString([(500_050, 3_299_999), (500_050, 3_300_055)]) if name == "w/1" else shape
            for name, shape in roads.geometry.items()
        ]
        return roads.set_geometry(shapes)

    edit_layer(folder, "roads", cut)

    # Both ends now stand on the street at y = -5: from the door at (25, 45) down 50 m, along to x = 40, up 15 m.
    found = dict(walked(read_run_folder(folder))[0])
    assert found["b/1"] == pytest.approx(50 + 15 + 15)
    assert found["b/2"] == pytest.approx(50 + 14 + 15)


def test_a_long_list_is_sampled_and_says_so(tmp_path, monkeypatch):
    folder = write_run_folder(tmp_path / "run")
    monkeypatch.setattr(audit_walking, "MOST_LINKS", 2)
    edit_csv(folder, "links.csv", lambda links: links.assign(walk_m="1"))

    found, notes = walked(read_run_folder(folder))

    assert [name for name, _ in found] == ["b/1", "b/3"]
    assert "2 of 3" in notes[0]
    *said, about_lines = audit_run(folder).notes
    assert tuple(said) == notes
    assert "no lines of walks" in about_lines


def test_a_facade_along_a_way_may_be_left_anywhere(tmp_path):
    """A building without doors beside a parallel lane: every spot of its facade is equally near."""
    folder = write_run_folder(tmp_path / "run")
    edit_layer(folder, "entrances", lambda doors: doors.drop("door-b/1"))

    def claim(metres):
        edit_csv(folder, "links.csv", lambda links: links.assign(walk_m=[str(metres), "45", "60"]))
        return [name for name, _ in walked(read_run_folder(folder))[0]]

    # The facade runs from y = 40 to y = 50, the site's from 10 to 14: 25 + (26 .. 40) + 4 m.
    assert claim(55) == claim(62) == claim(69) == []
    assert claim(54.9) == claim(69.1) == ["b/1"]


def turned(draw, x, y, length, width):
    """Return a box turned by chance, so that it is parallel to no street and has one nearest corner."""
    return rotate(shapely.box(x, y, x + length, y + width), draw.uniform(5, 85))


def grid_district(seed: int):
    """Return streets 60 m apart with houses and doors thrown between them, and places for sites."""
    draw = np.random.default_rng(seed)
    lines = np.arange(0, 301, 60.0)
    ways = [road([(at, 0), (at, 300)], id=f"n/{at:g}", kind="residential") for at in lines]
    # Streets cross where vertices are shared, so the others get a vertex at each crossing of every second one.
    ways = [
        road([(at, y) for y in lines], id=f"n/{at:g}", kind="residential") if number % 2 == 0 else way
        for number, (at, way) in enumerate(zip(lines, ways, strict=True))
    ]
    ways += [road([(x, at) for x in lines], id=f"e/{at:g}", kind="footway", drivable=False) for at in lines]
    houses = []
    for number in range(30):
        x, y = draw.uniform(0, 280, 2)
        name = f"b/{number:02}"
        houses.append(building(turned(draw, x, y, 9.7, 7.3), id=name, compound_id="c/1", households=10.0))
        if number % 3 == 0:
            houses.append(entrance((x, y + 3), id=f"d/{number:02}", kind="entrance", building_id=name))
    places = [
        (f"s/{number}", turned(draw, x, y, 5.1, 3.2), {"compound_id": "c/1"})
        for number, (x, y) in enumerate(draw.uniform(0, 290, (8, 2)))
    ]
    return district(compound((-50, -50, 350, 350), id="c/1"), *ways, *houses, origin=ORIGIN), places


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_both_roads_walk_the_same_way(seed):
    of, places = grid_district(seed)
    table = pd.DataFrame(
        {"compound_id": "c/1", "households": 10.0, "vehicles": 10.0, "weight": 1.0, "households_source": "tag"},
        index=of.buildings.index,
    )
    judged = verdicts(of, places)
    demand = Demand(frame=table, vehicle="ebike", assumptions=())

    options = WalkOptions(radius_m=400.0, ground=GroundModel.NETWORK)
    theirs = measure_links(judged, demand, options).frame.set_index(["building_id", "candidate_id"])
    mine = walks_again(facts_of(of), theirs.index, judged.candidates.frame.geometry, limits_m=(400.0, 150.0))

    assert len(theirs) > 150
    for pair, walk_m in theirs["walk_m"].items():
        low_m, high_m = mine[pair]
        assert low_m - 1e-6 <= walk_m <= high_m + 1e-6
    # A house that stands on a street may be left anywhere on it; most have one way out.
    assert sum(high_m - low_m < 1e-6 for low_m, high_m in mine.values()) > 0.4 * len(mine)
