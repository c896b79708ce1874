"""The engineer's picture of a place: bays in rows, aisles, roofs and piles, all inside their group."""

import pytest
import shapely
from builders import building, compound, district, parking
from sites.options_builders import offered

from siting.kinds import Kind
from siting.sites.bays import draw_parts

YARD = compound((0, 0, 80, 60), id="yard")
BLOCK = building((30, 25, 50, 35), id="block")
LOT = parking((90, 0, 130, 17), id="lot")


@pytest.mark.parametrize("kind", [Kind.EBIKE_OPEN, Kind.EBIKE_SHED, Kind.EBIKE_CABINET, Kind.EV_SURFACE])
def test_every_bay_is_drawn_once_inside_its_group_and_beside_its_aisle(kind):
    candidates = offered(district(YARD, BLOCK, LOT), kind=kind)
    parts = draw_parts(candidates, candidates.frame.index)
    groups, figures = candidates.groups, candidates.catalogue.kind(kind)
    bays = parts[parts["part"] == "bay"]

    inside = shapely.buffer(groups.geometry.loc[parts["group_id"]].to_numpy(), 1e-6)
    assert shapely.covers(inside, parts.geometry.to_numpy()).all()
    if kind is Kind.EBIKE_CABINET:
        assert (parts["part"] == "cabinet").sum() == len(groups)
        return
    assert bays.groupby("group_id").size().to_dict() == groups["bays"].to_dict()
    assert bays.geometry.area.to_numpy() == pytest.approx(figures.bay_length_m * figures.bay_width_m)
    for _, group in parts[parts["part"].isin(["bay", "aisle"])].groupby("group_id"):
        assert shapely.union_all(group.geometry.to_numpy()).area == pytest.approx(group.geometry.area.sum())


def test_sheds_have_a_roof_over_their_rows_and_stalls_a_pile_each():
    sheds = draw_parts(offered(district(YARD, BLOCK), kind=Kind.EBIKE_SHED), ["yard#s01"])
    stalls = offered(district(YARD, BLOCK, LOT), kind=Kind.EV_SURFACE)
    piles = draw_parts(stalls, stalls.frame.index)

    assert set(sheds["part"]) == {"aisle", "bay", "roof"}
    assert (piles["part"] == "pile").sum() == (piles["part"] == "bay").sum() == stalls.frame["bays"].sum()
    assert "aisle" not in set(piles["part"])  # it stays a lane


def test_nothing_is_drawn_of_nobody():
    assert draw_parts(offered(district(YARD, BLOCK)), []).empty
