"""Fire access on one drawn cul-de-sac; the pipeline and the audit, which share the clause alone, have to agree.

y 60  dead end      A lane (x = 0) runs north from the street (y = 0) between two houses that leave 16 m:
  |  W | | E        west (-30..-8, 30..80), east (8..30, 30..80). Only squares |x| <= 6 can turn an engine.
y  0 ═══════ street
"""

from datetime import date

import numpy as np
import pytest
import shapely
from builders import building, district, obstacle, road

from siting.plan.audit_access import access_of, lost_by
from siting.plan.audit_reading import facts_of
from siting.rules.fire_access import access_model, losses, measure_access
from siting.rules.profiles import load_rulebook

FIGURES = load_rulebook("national", on=date(2026, 1, 1)).clause("national.fire-access").values
STREET = road([(-50, 0), (0, 0), (50, 0)], id="street", kind="residential")
WEST, EAST = building((-30, 30, -8, 80), id="west"), building((8, 30, 30, 80), id="east")


def lost(*sheds, width=float("nan"), extra=(), street=STREET):
    lane = road([(0, 0), (0, 60)], id="lane", width_m=width)
    of = district(street, lane, WEST, EAST, *extra)
    shapes = np.array([shapely.box(*shed) for shed in sheds], dtype=object)
    found = losses(access_model(of, FIGURES), shapes)
    assert lost_by(access_of(facts_of(of), FIGURES), list(shapes)) == found
    return found


def test_nothing_is_lost_without_sheds_or_far_from_the_lane():
    assert lost() == ()
    assert lost((40, 20, 44, 24)) == ()


def test_a_shed_across_the_lane_cuts_off_what_lies_behind():
    assert lost((-3, 2, 3, 4)) == ("east", "lane", "west")


def test_a_shed_that_keeps_every_distance_and_takes_the_only_turn_is_a_loss():
    shed = (3.5, 52, 7.5, 62)

    assert shapely.box(*shed).distance(shapely.LineString([(0, 0), (0, 60)])) >= 2.0  # the lane itself stays free
    assert lost(shed) == ("lane",)


def test_two_sheds_may_take_together_what_each_leaves():
    south, north = (3.5, 49, 7.5, 53), (3.5, 65, 7.5, 68)

    assert lost(south) == lost(north) == ()
    assert lost(south, north) == ("lane",)


def test_a_wide_lane_may_be_narrowed_to_four_metres_and_not_below():
    left, right = (-4, 30, -2, 34), (2, 30, 4, 34)

    assert lost(left, right, width=8.0) == ()
    assert lost(left, (1.9, 30, 4, 34), width=8.0)
    assert lost((-4, 30, 0.1, 34), width=8.0)
    assert lost((-4, 30, 0.0, 34), width=8.0) == ()


def test_a_turn_that_was_never_there_cannot_be_lost():
    pond = obstacle("water", (-6, 50, 6, 75))

    assert lost((3.5, 52, 7.5, 62), extra=(pond,)) == ()


def test_a_face_is_lost_when_every_stand_is_barred():
    hut = building((-7, -30, 7, -20), id="hut")

    assert lost((-60, -8, 60, -6), extra=(hut,)) == ("hut",)
    assert lost((-60, -8, 4, -6), extra=(hut,)) == ()


@pytest.mark.parametrize(("x", "rank"), [(7.2, 2), (5.5, 1), (3.5, 0)])
def test_the_position_error_leaves_a_doubt_between(x, rank):
    of = district(STREET, road([(0, 0), (0, 60)], id="lane"), WEST, EAST, position_error_m=1.0)
    shed = np.array([shapely.box(x, 50, x + 4, 64)], dtype=object)

    count, ranks, first = measure_access(access_model(of, FIGURES), shed, 1.0)

    assert ranks.tolist() == [rank]
    assert (count[0], first[0]) == ((0, None) if rank == 2 else (1, "lane"))


def test_without_a_street_nobody_can_tell():
    of = district(road([(0, 0), (0, 60)], id="lane"), WEST, EAST)

    assert not access_model(of, FIGURES).known
