import pytest

from siting.errors import StudyError
from siting.kinds import Kind
from siting.rules.clause import Confidence
from siting.sites.catalogue import load_catalogue


def cost_per_port(kind: Kind, bays: int) -> float:
    figures = load_catalogue().kind(kind)
    return (figures.open_cost_cny(bays) + bays / figures.ports_per_module * figures.module_cost_cny) / bays


def test_every_figure_has_a_unit_a_source_a_year_and_a_known_confidence():
    frame = load_catalogue().as_frame()

    assert set(frame["kind"]) == set(Kind)
    assert frame.groupby("kind")["key"].nunique().nunique() == 1  # all kinds share one list of keys
    assert (frame["unit"] != "").all()
    assert (frame["source"] != "").all()
    assert frame["year"].between(2010, 2026).all()
    assert set(frame["confidence"]) <= set(Confidence)


@pytest.mark.parametrize("bays", [10, 20, 40, 60])
def test_a_shed_costs_what_real_programmes_paid_per_port(bays):
    assert 1200 <= cost_per_port(Kind.EBIKE_SHED, bays) <= 1900  # Dongying 2025: 1,240 and 1,864


def test_open_bays_cost_less_than_a_shed():
    assert cost_per_port(Kind.EBIKE_OPEN, 20) < cost_per_port(Kind.EBIKE_SHED, 20)


def test_the_open_cost_of_a_shed_adds_up():
    # 4,000 place + 20 x 100 ground + 20 bays x 1.6 m2 x 400 roof + 20 m x 200 cable
    assert load_catalogue().kind(Kind.EBIKE_SHED).open_cost_cny(20) == 4000 + 2000 + 12800 + 4000


def test_the_demand_factor_falls_with_the_number_of_piles():
    figures = load_catalogue().kind(Kind.EBIKE_SHED)

    assert [figures.factor_for(modules) for modules in (1, 2, 5, 6)] == [0.8, 0.65, 0.65, 0.5]


def test_the_facts_of_a_shed_leave_its_fire_class_unknown():
    facts = load_catalogue().facts(Kind.EBIKE_SHED)

    assert (facts.kind, facts.fire_class, facts.socket_spacing_m, facts.exits) == ("ebike_shed", "unknown", 0.8, 2)


def test_an_override_replaces_the_figure_and_is_marked_as_the_planners():
    catalogue = load_catalogue({"ebike_shed": {"fire_class": "I-II", "module_cost_cny": 5000}})
    figures = catalogue.kind(Kind.EBIKE_SHED)

    assert (figures.fire_class, figures.module_cost_cny) == ("I-II", 5000.0)
    assert figures.figures["module_cost_cny"].source == "planner"
    assert figures.figures["place_cost_cny"].source != "planner"
    assert catalogue.overridden == ("ebike_shed.fire_class", "ebike_shed.module_cost_cny")
    assert load_catalogue().kind(Kind.EBIKE_SHED).module_cost_cny == 3500.0


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"ebike_sheds": {}}, "facility.catalogue: unknown key 'ebike_sheds'; did you mean 'ebike_shed'"),
        ({"ebike_shed": {"bay_lenght_m": 2}}, "did you mean 'bay_length_m'"),
        ({"ebike_shed": {"bay_length_m": -2}}, r"ebike_shed\.bay_length_m = -2 is not above 0"),
        ({"ebike_shed": {"bay_length_m": "2"}}, "is not a number"),
        ({"ebike_shed": {"bay_length_m": float("nan")}}, "is not a number"),
        ({"ebike_shed": {"exits": True}}, "is not a number"),
        ({"ebike_shed": {"ports_per_module": 2.5}}, "is not a whole number"),
        ({"ebike_shed": {"fire_class": "II"}}, "is not one of I-II, III, IV, unknown"),
        ({"ebike_shed": {"demand_factor": 0.5}}, "is not a table of steps"),
        ({"ebike_shed": {"demand_factor": [[5, 0.5]]}}, "the last with inf"),
        ({"ebike_shed": {"socket_spacing_m": 1.0}}, "widen the bay"),
    ],
)
def test_a_wrong_override_is_one_clear_line(overrides, message):
    with pytest.raises(StudyError, match=message):
        load_catalogue(overrides)


def test_an_open_end_is_written_as_people_write_it():
    frame = load_catalogue().as_frame().set_index(["kind", "key"])

    assert frame.loc[("ebike_shed", "demand_factor"), "value"] == "≤1: 0.8; ≤5: 0.65; ≤∞: 0.5"
