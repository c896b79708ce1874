"""Demand on buildings whose floor area divides by hand: 925 m2 of floor are ten households."""

import numpy as np
import pytest
from access.reach_builders import block, ground
from hypothesis import given, settings
from hypothesis import strategies as st

from siting.access.demand import DemandOptions, estimate_demand
from siting.errors import UsageError

FLAT = block(0, 0, wide=18.5, deep=10.0)  # 185 m2: two households a storey
OPTIONS = DemandOptions()


def estimate(*buildings, compounds=None, **options):
    rows = [(f"b{n}", FLAT, values) for n, values in enumerate(buildings)]
    of = ground(buildings=rows, **({} if compounds is None else {"compounds": compounds}))
    return estimate_demand(of, DemandOptions(**options))


def households(*buildings, **options):
    frame = estimate(*buildings, **options).frame
    return list(zip(frame["households"], frame["households_source"], strict=True))


def compound(**values):
    return [("c1", (-500, -500, 500, 500), values)]


def test_a_building_s_own_households_hold():
    assert households({"households": 31.0, "households_source": "planner", "levels": 5.0}) == [(31, "planner")]
    assert households({"households": 31.0, "source": "survey"}) == [(31, "survey")]


def test_levels_give_households_as_an_estimate():
    assert households({"levels": 6.0}) == [(12, "estimate")]


def test_height_gives_levels_of_three_metres():
    assert households({"height_m": 12.2}) == [(8, "estimate")]


def test_without_levels_an_old_compound_of_five_storeys_is_assumed():
    assert households({}) == [(10, "estimate")]
    assert households({}, default_levels=4.0) == [(8, "estimate")]


def test_three_neighbours_with_levels_let_their_median_stand():
    known = [{"levels": levels} for levels in (6.0, 7.0, 18.0)]
    assert households(*known, {})[-1] == (14, "estimate")
    assert households(*known[1:], {})[-1] == (10, "estimate")


def test_a_compound_s_households_are_split_by_floor_area_into_whole_numbers():
    found = households({"levels": 2.0}, {"levels": 1.0}, {"levels": 1.0}, compounds=compound(households=10.0))
    assert found == [(5, "estimate"), (3, "estimate"), (2, "estimate")]


def test_a_compound_s_households_are_what_its_known_buildings_leave():
    given_and_open = [{"households": 7.0, "households_source": "tag"}, {"levels": 1.0}, {"levels": 3.0}]
    assert [count for count, _ in households(*given_and_open, compounds=compound(households=27.0))] == [7, 5, 15]
    over = estimate(*given_and_open, compounds=compound(households=5.0))
    assert over.frame["households"].to_list() == [7, 0, 0]
    assert any("do not add up" in sentence and "c1" in sentence for sentence in over.assumptions)


def test_households_without_mapped_housing_are_named():
    of = ground(compounds=compound(households=300.0))
    found = estimate_demand(of, OPTIONS)
    assert found.frame.empty
    assert any("no mapped housing" in sentence and "c1" in sentence for sentence in found.assumptions)


def test_the_smallest_house_has_one_household():
    of = ground(buildings=[("b1", block(0, 0, wide=5, deep=5), {"levels": 1.0})])
    assert estimate_demand(of, OPTIONS).frame["households"].to_list() == [1]


@pytest.mark.parametrize("use", ["kindergarten", "garage", "shed", "commercial", "service", "school", "public"])
def test_what_is_no_housing_does_not_count(use):
    assert estimate({"use": use}).frame.empty


def test_unknown_use_counts_from_sixty_square_metres_on():
    of = ground(
        buildings=[
            ("b1", block(0, 0, wide=6, deep=10), {"use": "unknown"}),
            ("b2", block(20, 0, wide=5.9, deep=10), {"use": "unknown"}),
        ]
    )
    found = estimate_demand(of, OPTIONS)
    assert found.frame.index.to_list() == ["b1"]
    assert "1 of them are of unknown use" in found.assumptions[0]


def test_a_building_outside_every_compound_does_not_count():
    assert estimate({"compound_id": None}, {"compound_id": "halo"}).frame.empty


def test_vehicles_follow_the_rate_of_the_vehicle():
    assert estimate({}).frame["vehicles"].to_list() == [10]
    assert estimate({}, ebikes_per_household=1.5).frame["vehicles"].to_list() == [15]
    cars = estimate({}, vehicle="ev")
    assert (cars.vehicle, cars.frame["vehicles"].to_list()) == ("ev", [0.5])
    assert estimate({}, charging_share=0.4).frame["vehicles"].to_list() == [4]


def test_a_compound_s_count_of_vehicles_overrides_the_rate():
    counted = compound(ebikes=60.0, evs=6.0)
    assert estimate({"levels": 1.0}, {"levels": 2.0}, compounds=counted).frame["vehicles"].to_list() == [20, 40]
    assert estimate({}, vehicle="ev", compounds=counted).frame["vehicles"].to_list() == [6]


def test_weights_come_from_the_compound():
    assert estimate({}, compounds=compound(weight=2.5)).frame["weight"].to_list() == [2.5]


def test_every_assumption_is_said_in_both_languages():
    found = estimate({}, {"households": 4.0, "households_source": "tag"}, vehicle="ev", charging_share=0.5)
    assert len(found.assumptions) == len(found.assumptions_zh) >= 5
    text = " ".join(found.assumptions)
    assert "1 buildings have their own figure" in text
    assert "92.5" in text
    assert "50% of the vehicles" in text
    assert "planning default" in text


def test_a_renovation_area_of_yuncheng_comes_out_as_counted():
    # 655 buildings, 21,200 households, 1.96 million m2: 2,992 m2 and 32.4 households a building.
    of = ground(buildings=[("b1", block(0, 0, wide=59.84, deep=10), {"levels": 5.0})])
    assert estimate_demand(of, OPTIONS).frame["households"].to_list() == [32]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"vehicle": "bus"}, "ebike, ev"),
        ({"ebikes_per_household": -1.0}, "ebikes_per_household"),
        ({"m2_per_household": 0.0}, "m2_per_household"),
        ({"default_levels": float("nan")}, "default_levels"),
        ({"charging_share": 1.1}, "charging_share"),
    ],
)
def test_figures_that_cannot_be_are_refused(wrong, named):
    with pytest.raises(UsageError, match=named):
        DemandOptions(**wrong)


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.integers(1, 33), min_size=1, max_size=6),
    st.integers(0, 2000),
)
def test_a_split_adds_up_and_keeps_the_order_of_sizes(levels, total):
    frame = estimate(*[{"levels": float(n)} for n in levels], compounds=compound(households=float(total))).frame
    assert frame["households"].sum() == total
    assert frame["vehicles"].sum() == pytest.approx(total)
    by_size = frame["households"].to_numpy()[np.argsort(levels, kind="stable")]
    assert (np.diff(by_size) >= -1).all()
