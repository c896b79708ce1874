"""Which transformer feeds what, and what one module draws: 10 ports x 0.25 kW x 0.8 / 0.95 for an e-bike pile."""

import pytest
from access.reach_builders import block, ground, verdicts
from shapely import Point

from siting.access.power import connect_power
from siting.errors import UsageError

SHED = ("s1", block(0, 0))
TWO = [("t1", Point(-50, 0)), ("t2", Point(40, 0))]


def feeds(transformers, *candidates):
    held = connect_power(verdicts(ground(transformers=transformers), candidates or [SHED]))
    return held.feeds.to_dict()


def test_a_module_draws_what_one_alone_would_so_that_no_number_of_them_draws_more():
    sheds = [SHED, ("s2", block(50, 0), {"max_modules": 1}), ("s3", block(99, 0), {"max_modules": 6})]
    held = connect_power(verdicts(ground(), sheds))
    assert held.kva_per_module.to_dict() == pytest.approx(dict.fromkeys(("s1", "s2", "s3"), 2.5 * 0.8 / 0.95))


def test_a_car_pile_draws_seven_kilowatts():
    pile = ("s1", block(0, 0), {"kind": "ev_surface", "ports_per_module": 1, "max_modules": 1})
    assert connect_power(verdicts(ground(), [pile])).kva_per_module["s1"] == pytest.approx(7 / 0.95)


def test_the_nearest_transformer_of_the_compound_feeds():
    assert feeds(TWO) == {"s1": "t2"}
    assert feeds(TWO, SHED, ("s2", block(-30, 0))) == {"s1": "t2", "s2": "t1"}


def test_a_tie_goes_by_id():
    assert feeds([("t9", Point(5, 30)), ("t1", Point(5, -20))]) == {"s1": "t1"}


def test_a_known_place_goes_before_an_unknown_one():
    assert feeds([("t1", None), ("t2", Point(400, 0))]) == {"s1": "t2"}
    assert feeds([("t2", None), ("t1", None)]) == {"s1": "t1"}


def test_a_transformer_feeds_only_the_compounds_it_names():
    assert feeds([("t1", Point(0, 0), {"compound_ids": "c8; c1"})]) == {"s1": "t1"}
    held = connect_power(verdicts(ground(transformers=[("t1", Point(0, 0), {"compound_ids": "c8"})]), [SHED]))
    assert held.feeds.to_dict() == {"s1": None}
    assert any("not in this district: c8" in sentence for sentence in held.assumptions)


def test_unknown_power_is_said():
    nobody = connect_power(verdicts(ground(), [SHED]))
    assert nobody.feeds["s1"] is None
    assert any(
        "No transformer is known for 1 compounds" in sentence and "c1" in sentence for sentence in nobody.assumptions
    )
    silent = ground(transformers=[("t1", None, {"spare_kva": float("nan")})])
    held = connect_power(verdicts(silent, [SHED]))
    assert held.feeds["s1"] == "t1"
    assert any("no stated spare capacity" in sentence and "t1" in sentence for sentence in held.assumptions)
    assert len(held.assumptions) == len(held.assumptions_zh)


def test_only_accepted_candidates_are_fed():
    judged = verdicts(ground(transformers=TWO), [SHED, ("s2", block(50, 0))], accepted=("s2",))
    held = connect_power(judged)
    assert held.feeds.index.to_list() == held.kva_per_module.index.to_list() == ["s2"]


def test_without_candidates_nothing_is_fed():
    held = connect_power(verdicts(ground(transformers=TWO), []))
    assert (len(held.feeds), len(held.kva_per_module)) == (0, 0)


@pytest.mark.parametrize("cos_phi", [0.0, 1.2, float("nan")])
def test_a_power_factor_that_cannot_be_is_refused(cos_phi):
    with pytest.raises(UsageError, match="cos_phi"):
        connect_power(verdicts(ground(), [SHED]), cos_phi=cos_phi)
