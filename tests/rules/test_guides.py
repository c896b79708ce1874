"""The local guides as data only, on hand-drawn ground: at the limit, 1 mm inside and 1 mm outside."""

from datetime import date

import pytest
from builders import building, district, entrance, obstacle, parking, road
from rules.rule_builders import judge, shapes_of

from siting.kinds import Kind
from siting.rules.measures import FacilityFacts, measure
from siting.rules.profiles import load_rulebook

HOUSE = building((-10, 0, 0, 20), id="house", levels=6, fire_class="I-II")


def rule(clause_id: str):
    return load_rulebook(clause_id.split(".")[0], on=date(2026, 1, 1)).clause(clause_id)


def bay(gap: float) -> tuple[float, float, float, float]:
    """Return a place of 2 x 10 m whose left edge is at x = gap."""
    return gap, 0.0, gap + 2.0, 10.0


@pytest.mark.parametrize(("gap", "expected"), [(2.999, "FAIL"), (3.0, "PASS"), (3.001, "PASS")])
def test_fuzhou_asks_3_m_to_outer_walls(gap, expected):
    assert judge(rule("fuzhou.c04"), bay(gap), district(HOUSE))[0] == expected


@pytest.mark.parametrize(("gap", "expected"), [(5.999, "FAIL"), (6.0, "PASS"), (6.001, "PASS")])
def test_fuzhou_asks_6_m_to_exits(gap, expected):
    door = entrance((0, 5), id="door")
    found = judge(rule("fuzhou.c05"), bay(gap), district(HOUSE, door))
    assert found[0] == expected
    assert found[3] == "door" or expected == "PASS"


@pytest.mark.parametrize(("length", "expected"), [(19.999, "PASS"), (20.0, "PASS"), (20.001, "FAIL")])
def test_anhui_and_sichuan_ask_for_groups_of_at_most_20_m(length, expected):
    for name in ("anhui.c09-length", "sichuan.c10-length"):
        assert judge(rule(name), (0, 0, length, 2), district())[0] == expected


@pytest.mark.parametrize(("name", "most"), [("anhui.c09-size", 25), ("sichuan.c10-size", 50)])
def test_anhui_should_hold_25_sichuan_must_hold_50_in_a_group(name, most):
    assert judge(rule(name), (0, 0, most, 2), district())[0] == "PASS"
    assert judge(rule(name), (0, 0, most + 1, 2), district())[0] == "FAIL"


def test_anhui_asks_two_exits_and_sockets_of_0_8_m():
    assert judge(rule("anhui.c15"), bay(0), district(), exits=2)[0] == "PASS"
    assert judge(rule("anhui.c15"), bay(0), district(), exits=1)[0] == "FAIL"
    assert judge(rule("anhui.c16"), bay(0), district(), socket_spacing_m=0.8)[0] == "PASS"
    assert judge(rule("anhui.c16"), bay(0), district(), socket_spacing_m=0.799)[0] == "FAIL"


def test_anhui_forbids_to_adjoin_a_kindergarten_and_nothing_more():
    ground = district(building((-10, 0, 0, 20), use="kindergarten"))
    assert judge(rule("anhui.c08"), bay(0.0), ground)[0] == "FAIL"
    assert judge(rule("anhui.c08"), bay(0.001), ground)[0] == "PASS"


@pytest.mark.parametrize(("gap", "expected"), [(1.999, "FAIL"), (2.0, "PASS"), (2.001, "PASS")])
def test_sichuan_asks_2_m_between_groups(gap, expected):
    assert judge(rule("sichuan.c11"), [(0, 0, 10, 2), (10 + gap, 0, 20, 2)], district())[0] == expected


@pytest.mark.parametrize(("gap", "expected"), [(5.999, "FAIL"), (6.0, "NOT EVALUATED"), (6.001, "NOT EVALUATED")])
def test_guangxi_asks_6_m_to_car_parks_and_not_every_car_park_is_mapped(gap, expected):
    assert judge(rule("guangxi.c17"), bay(gap), district(parking((-10, 0, 0, 20))))[0] == expected


@pytest.mark.parametrize(("kilowatts", "expected"), [(30.0, "PASS"), (30.001, "FAIL")])
def test_shenzhen_asks_30_kw_underground(kilowatts, expected):
    assert judge(rule("shenzhen.f09"), bay(0), district(), port_kw=kilowatts)[0] == expected


@pytest.mark.parametrize(("fire_class", "metres"), [("I-II", 6.0), ("III", 7.0), ("IV", 9.0), ("unknown", 9.0)])
def test_the_nation_asks_a_shed_for_the_separation_of_its_own_class(fire_class, metres):
    assert judge(rule("national.b01"), bay(metres), district(HOUSE), fire_class=fire_class)[0] == "PASS"
    short = "UNCERTAIN" if fire_class == "unknown" else "FAIL"
    assert judge(rule("national.b01"), bay(metres - 0.001), district(HOUSE), fire_class=fire_class)[0] == short


def test_the_nation_refuses_the_surroundings_of_a_filling_station():
    ground = district(obstacle("fuel", (-30, 0, 0, 30)))
    found = [judge(rule("national.g10"), bay(gap), ground)[0] for gap in (6.999, 7.0, 19.999, 20.0)]
    assert found == ["FAIL", "UNCERTAIN", "UNCERTAIN", "NOT EVALUATED"]


def test_every_clause_of_every_kind_can_be_measured():
    ground = district(HOUSE, road([(30, -50), (30, 50)]), obstacle("hydrant", (10, 40)), position_error_m=1.0)
    shapes = shapes_of(bay(15.0), bay(1.0))
    for name in ("anhui", "fuzhou", "guangxi", "linfen", "shanxi", "shenzhen", "sichuan", "taiyuan"):
        book = load_rulebook(name, on=date(2026, 1, 1))
        for kind in Kind:
            facts = FacilityFacts(kind, "I-II", 0.8, 2, 7.0)
            for clause in book.for_kind(kind):
                assert len(measure(clause, shapes, ground, facts).outcome) == 2


@pytest.mark.parametrize("kind", [Kind.EBIKE_OPEN, Kind.EBIKE_SHED, Kind.EBIKE_CABINET, Kind.EV_SURFACE])
def test_the_law_lets_no_place_stand_on_a_hydrant_and_names_no_metres(kind):
    clause = rule("national.a01-hydrant")
    on, beside = (
        judge(clause, bay(0.0), district(obstacle("hydrant", (x, 5)), completeness={"hydrant": "surveyed"}))[0]
        for x in (1.0, -0.001)
    )

    assert kind in clause.kinds
    assert (on, beside) == ("FAIL", "PASS")


def test_guangxi_binds_open_places_beside_cars_and_sheds_by_reading_only():
    assert rule("guangxi.c17").kinds == (Kind.EBIKE_OPEN,)
    assert (rule("guangxi.c17-shed").kinds, rule("guangxi.c17-shed").force.value) == (
        (Kind.EBIKE_SHED,),
        "interpretation",
    )
