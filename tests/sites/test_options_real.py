"""The room on two real extracts with the national profile, checked with plain shapely."""

from datetime import date
from itertools import combinations

import numpy as np
import pytest
import shapely
from district.real_files import extract

from siting.district.build import SourceOptions, read_district
from siting.kinds import Kind
from siting.rules.profiles import load_rulebook
from siting.sites.candidates import offer_candidates
from siting.sites.catalogue import load_catalogue
from siting.sites.conflicts import conflict_cliques
from siting.sites.verdicts import judge
from siting.sites.zones import draw_zones


@pytest.fixture(scope="module", params=["beijing_tsinghua", "nanjing_gulou"])
def facts(request):
    return read_district(SourceOptions(osm=extract(request.param)))


@pytest.mark.parametrize("kind", [Kind.EBIKE_SHED, Kind.EBIKE_OPEN, Kind.EV_SURFACE])
def test_accepted_places_exist_and_stand_on_free_ground(facts, kind):
    catalogue = load_catalogue()
    zones = draw_zones(facts, load_rulebook("national", on=date(2026, 1, 1)), (kind,), catalogue)
    verdicts = judge(offer_candidates(zones, catalogue))
    accepted = verdicts.candidates.frame.loc[list(verdicts.accepted)]
    footprints = accepted.geometry.to_numpy()
    walls = facts.buildings.geometry.to_numpy()
    clearance_m = np.array([shapely.distance(walls, footprint).min() for footprint in footprints])
    ready = facts.compounds.index[facts.compounds["state"] == "ready"]

    assert len(accepted) > 70
    assert set(accepted["compound_id"]) <= set(ready)
    assert clearance_m.min() >= {Kind.EBIKE_SHED: 7.0, Kind.EBIKE_OPEN: 1.0}.get(kind, 0.0)
    assert verdicts.clearance_m[accepted.index].to_list() == pytest.approx(clearance_m.tolist())
    must = verdicts.frame[(verdicts.frame["force"] == "must") & verdicts.frame["candidate_id"].isin(accepted.index)]
    assert set(must["outcome"]) <= {"PASS", "NOT EVALUATED"}


def test_cliques_of_sheds_equal_brute_force(facts):
    catalogue = load_catalogue()
    zones = draw_zones(facts, load_rulebook("sichuan", on=date(2026, 1, 1)), (Kind.EBIKE_SHED,), catalogue)
    verdicts = judge(offer_candidates(zones, catalogue))
    shapes = verdicts.candidates.frame.geometry
    brute = {
        pair
        for pair in combinations(sorted(verdicts.accepted), 2)
        if shapely.distance(shapes[pair[0]], shapes[pair[1]]) < 2.0 - 1e-9
    }

    assert {pair for clique in conflict_cliques(verdicts) for pair in combinations(clique, 2)} == brute
