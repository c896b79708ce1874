import numpy as np
import pytest
import shapely

from siting.kinds import Kind
from siting.sites.catalogue import load_catalogue
from siting.sites.layouts import GroupLimits, layouts_for
from siting.sites.packing import rectangles
from siting.sites.stalls import fit_stall_rows

LIMITS = GroupLimits(length_m=125.0, size=50, gap_m=0.0, place_gap_m=0.0)
LAYOUTS = layouts_for(Kind.EV_SURFACE, load_catalogue().kind(Kind.EV_SURFACE), LIMITS, (2, 4, 8))


def rows_in(lot, lanes=None):
    access = lot if lanes is None else shapely.union(lot, lanes)
    return fit_stall_rows(lot, access, LAYOUTS)


def stalls_m2(lot, lanes=None):
    return shapely.union_all(rows_in(lot, lanes)[1].footprint).area


def test_a_lot_of_one_row_and_an_aisle_takes_one_row():
    lot = shapely.box(0, 0, 25.1, 12)  # 5.3 stalls + 5.5 aisle = 10.8 m deep, ten stalls long

    assert stalls_m2(lot) == pytest.approx(25.0 * 5.3)


def test_a_lot_deep_enough_takes_two_rows_that_share_the_aisle():
    lot = shapely.box(0, 0, 25.1, 16.4)  # 5.3 + 5.5 + 5.3 = 16.1 m

    assert stalls_m2(lot) == pytest.approx(2 * 25.0 * 5.3, rel=1e-3)


def test_a_strip_without_an_aisle_takes_stalls_only_beside_a_lane():
    strip = shapely.box(0, 0, 10.1, 5.5)  # four stalls

    assert stalls_m2(strip) == 0.0
    assert stalls_m2(strip, lanes=shapely.box(-5, 5.3, 15, 12)) == pytest.approx(10.0 * 5.3)


def test_no_stall_stands_on_the_aisle_of_another_row():
    lot = shapely.Polygon([(0, 0), (60, 0), (60, 40), (30, 45), (0, 40)])
    anchors, fits = rows_in(lot)
    strips = np.concatenate(
        [
            rectangles(
                anchors, fits.anchor[fits.layout == number], (0, each.length_m), (each.depth_m, each.depth_m + 5.5)
            )
            for number, each in enumerate(LAYOUTS)
        ]
    )

    overlap = shapely.union_all(strips).intersection(shapely.union_all(fits.footprint))

    assert len(fits) > 0
    assert overlap.area == pytest.approx(0.0, abs=1e-6)
    assert shapely.covers(lot, fits.footprint).all()


def test_a_lot_too_small_for_two_stalls_takes_none():
    assert len(rows_in(shapely.box(0, 0, 4, 12))[1]) == 0
