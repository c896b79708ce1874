"""Erlang C against values worked out by hand, and what follows for vehicles a port."""

import math

import pytest

from siting.access.turnover import Turnover, erlang_c, share_waiting, vehicles_served
from siting.errors import UsageError

AT_ONCE = Turnover(charges_per_day=1.0, hours=1.0, peak_share=0.5, wait_share=1 / 3, wait_minutes=0.0)


@pytest.mark.parametrize(
    ("ports", "load", "chance"),
    [
        (1, 0.3, 0.3),  # one port: the share of time it is taken
        (2, 1.0, 1 / 3),  # (1/2 x 2) / (1 + 1 + 1/2 x 2)
        (3, 2.0, 4 / 9),  # (8/6 x 3) / (1 + 2 + 2 + 8/6 x 3)
        (4, 2.0, 4 / 23),  # (16/24 x 2) / (1 + 2 + 2 + 8/6 + 16/24 x 2) = (4/3) / (23/3)
        (2, 2.0, 1.0),  # no port is ever free
        (200, 150.0, pytest.approx(5.5e-5, rel=0.5)),  # no overflow
    ],
)
def test_the_chance_to_wait(ports, load, chance):
    assert erlang_c(ports, load) == pytest.approx(chance)


def test_the_most_vehicles_are_those_at_which_the_target_is_just_met():
    # 2 ports, a third may wait at all: 1 Erlang; a vehicle is half an Erlang
    assert vehicles_served(2, AT_ONCE) == pytest.approx(2.0)


def test_a_single_port_serves_the_share_that_may_wait():
    target = Turnover(charges_per_day=0.5, hours=4.0, peak_share=0.25, wait_share=0.1, wait_minutes=0.0)
    assert vehicles_served(1, target) == pytest.approx(0.1 / 0.5)


def test_a_wait_that_is_borne_lets_more_vehicles_in():
    patient = Turnover(charges_per_day=1.0, hours=1.0, peak_share=0.5, wait_share=1 / 3, wait_minutes=60.0)
    assert vehicles_served(2, patient) > vehicles_served(2, AT_ONCE)
    # an hour is one mean charge: exp(-(2 - 1)) of those who wait at all wait longer
    assert share_waiting(2, 1.0, patient) == pytest.approx(math.exp(-1) / 3)


def test_large_sites_serve_more_vehicles_a_port():
    per_port = [vehicles_served(ports, Turnover()) / ports for ports in (1, 2, 10, 20, 60)]
    assert per_port == sorted(per_port)
    assert per_port[2:] == pytest.approx([1.7135, 2.0178, 2.3517], abs=1e-4)  # Yuncheng counts 2.4


@pytest.mark.parametrize(
    "wrong", [{"hours": 0.0}, {"wait_share": 1.0}, {"peak_share": 1.5}, {"wait_minutes": -1.0}, {"hours": math.nan}]
)
def test_figures_that_cannot_be_are_refused(wrong):
    with pytest.raises(UsageError, match=next(iter(wrong))):
        Turnover(**wrong)
