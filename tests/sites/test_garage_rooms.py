"""Rows of stalls that fit one by one and are too many together, for the zone or for the fire unit that zones share."""

from builders import compound, district, parking
from sites.options_builders import clause, judged

from siting.kinds import Kind
from siting.rules.clause import Metric
from siting.sites.garage_rooms import overfull, rooms_of

YARD = compound((0, 0, 80, 60), id="yard")
STATED = {"kind": "underground", "source": "planner", "compound_id": "yard", "levels_down": 1.0}
LEVEL = clause("level", Metric.GARAGE_LEVEL, "garage", 1.0, kinds=(Kind.EV_GARAGE,))


def zone(where, *, id="g1", **values):
    return parking(where, id=id, **(STATED | values))


def rooms(*zones):
    return {room.name: (sorted(room.zones), room.most) for room in rooms_of(district(YARD, *zones))}


def test_a_zone_has_what_its_drawings_say_and_an_unstated_one_no_limit():
    assert rooms(zone((10, 10, 40, 26.1), capacity=12.0), zone((45, 10, 70, 26), id="g2")) == {"g1": (["g1"], 12.0)}


def test_a_fire_unit_is_shared_by_the_zones_that_name_it_and_its_least_figure_counts():
    unit = {"fire_unit": "A", "fire_unit_stalls": 20.0}
    one, two = zone((10, 10, 40, 26.1), **unit), zone((45, 10, 70, 26), id="g2", fire_unit="A", fire_unit_stalls=15.0)
    assert rooms(one, two) == {"yard: A": (["g1", "g2"], 15.0)}
    assert rooms(zone((10, 10, 40, 26.1), fire_unit_stalls=20.0)) == {"g1": (["g1"], 20.0)}


def test_rows_that_are_too_many_together_are_named_and_none_of_them_is_spare():
    facts = district(YARD, zone((10, 10, 40, 26.1), capacity=9.0))
    found = judged(facts, LEVEL, kind=Kind.EV_GARAGE)
    bays = found.candidates.frame["bays"]
    large = sorted(bays.index[bays == bays.max()])
    small = sorted(bays.index[bays == 2])

    (crowd,) = overfull(found, [*large[:2], small[0]])
    assert (crowd.sites, crowd.stalls) == (tuple(large[:2]), 16)
    assert set(crowd.others) == set(large)
    assert overfull(found, [large[0]]) == ()
    (pair,) = overfull(found, [large[0], small[0]])
    assert (pair.sites, pair.stalls) == (tuple(sorted([large[0], small[0]])), 10)


def test_on_the_ground_nothing_is_overfull():
    assert overfull(judged(district(YARD)), []) == ()
