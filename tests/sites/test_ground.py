import pytest
import shapely
from builders import barrier, building, compound, district, entrance, gate, obstacle, parking, road, transformer

from siting.kinds import Kind
from siting.sites.ground import carriageways, host_polygons, obstacles_for, pieces_of


def open_m2(*items, kind=Kind.EBIKE_OPEN):
    """What is left of a yard of 100 m x 100 m."""
    blocked = shapely.union_all(obstacles_for(district(*items), kind))
    return shapely.box(0, 0, 100, 100).difference(blocked).area


@pytest.mark.parametrize(
    ("item", "taken_m2"),
    [
        (building((10, 10, 30, 20)), 200),
        (road([(0, 50), (100, 50)]), 400),  # a service road of unknown width: 4 m
        (road([(0, 50), (100, 50)], width_m=3.0), 300),
        (road([(0, 50), (100, 50)], kind="residential"), 600),
        (road([(0, 50), (100, 50)], kind="footway", drivable=False, fire_lane=False), 150),
        (obstacle("water", (10, 10, 30, 20)), 200),
        (obstacle("playground", (10, 10, 30, 20)), 200),
        (obstacle("green", (10, 10, 30, 20)), 0),  # only where a clause says so
        (parking((10, 10, 30, 20)), 200),
        (parking((10, 10, 30, 20), kind="underground"), 0),
        (transformer("compound/1", (10, 10, 12, 12)), 4),
        (transformer("compound/1"), 0),
    ],
)
def test_what_stands_or_flows_there_takes_its_ground(item, taken_m2):
    assert open_m2(item) == pytest.approx(10_000 - taken_m2)


def test_a_wall_is_kept_clear_by_half_a_metre():
    assert open_m2(barrier([(-5, 50), (105, 50)])) == pytest.approx(10_000 - 100)


def test_a_tree_takes_a_little_room():
    assert 0 < 10_000 - open_m2(obstacle("tree", (50, 50))) < 8


@pytest.mark.parametrize(("item", "radius_m"), [(entrance((50, 50)), 2.0), (gate((50, 50)), 4.0)])
def test_nobody_builds_before_a_door_or_in_a_gateway(item, radius_m):
    assert 10_000 - open_m2(item) == pytest.approx(3.14 * radius_m**2, rel=0.03)


@pytest.mark.parametrize("kind", ["elderly_care", "hospital", "kindergarten", "school"])
@pytest.mark.parametrize("facility", [Kind.EBIKE_SHED, Kind.EV_SURFACE])
def test_the_yard_of_an_institution_is_not_the_compounds(kind, facility):
    yard, home = obstacle(kind, (10, 10, 30, 20)), compound((0, 0, 100, 100))

    assert open_m2(yard, home, kind=facility) == pytest.approx(10_000 - 200)
    assert open_m2(obstacle(kind, (20, 15)), home, kind=facility) == pytest.approx(10_000)  # a point has no yard


def test_staff_housing_in_the_grounds_of_a_college_keeps_its_own_ground():
    college, housing = obstacle("school", (0, 0, 80, 100)), compound((60, 0, 100, 100))

    assert open_m2(college, housing) == pytest.approx(10_000 - 60 * 100)


def test_a_car_park_bars_e_bikes_but_hosts_stalls():
    lot = parking((10, 10, 30, 20))

    assert open_m2(lot, kind=Kind.EV_SURFACE) == pytest.approx(10_000)


def test_carriageways_of_a_district_without_roads():
    assert len(carriageways(district(compound((0, 0, 10, 10))))) == 0


def hosts(*items, kind=Kind.EV_SURFACE):
    frame = host_polygons(district(*items), kind, 30.0)
    return dict(zip(frame["host_id"], frame["compound_id"], strict=True))


def test_a_car_park_beside_a_compound_belongs_to_the_nearest_one():
    east, west = compound((0, 0, 50, 50), id="west"), compound((100, 0, 150, 50), id="east")

    assert hosts(east, west, parking((55, 0, 75, 20), id="lot")) == {"lot": "west"}
    assert hosts(east, west, parking((10, 10, 30, 20), id="lot")) == {"lot": "west"}
    assert hosts(west, parking((0, 0, 60, 20), id="far")) == {}


def test_closed_and_underground_car_parks_host_nothing():
    yard = compound((0, 0, 50, 50))

    assert hosts(yard, parking((0, 0, 20, 20), access="no")) == {}
    assert hosts(yard, parking((0, 0, 20, 20), kind="underground")) == {}
    assert hosts(yard, parking((0, 0, 20, 20), id="lot", access="private")) == {"lot": "compound/1"}


def test_a_compound_to_be_surveyed_first_hosts_nothing():
    bare = compound((0, 0, 50, 50), state="survey_first")

    assert hosts(bare, kind=Kind.EBIKE_SHED) == {}
    assert hosts(bare, parking((0, 0, 20, 20))) == {}


def test_pieces_come_in_a_fixed_order_without_slivers():
    shape = shapely.MultiPolygon([shapely.box(50, 0, 60, 10), shapely.box(0, 0, 10, 10), shapely.box(20, 0, 21, 1)])

    assert [shapely.bounds(piece)[0] for piece in pieces_of(shape, 2.0)] == [0.0, 50.0]
