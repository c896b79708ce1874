"""All sites together: what they take from a fire engine, and the smallest set that takes it."""

from dataclasses import replace
from datetime import date

import geopandas as gpd
import shapely
from builders import building, compound, district, road
from sites.options_builders import offered, rulebook

from siting.access.fire_access import Block, blocks_of, joint_losses
from siting.rules.profiles import load_rulebook
from siting.sites.verdicts import judge

CLAUSE = load_rulebook("national", on=date(2026, 1, 1)).clause("national.fire-access")


def two_sheds():
    """Return verdicts on two sheds beside a dead end: each leaves a turn, both together do not."""
    of = district(
        compound((-40, 5, 40, 100)),
        road([(-50, 0), (0, 0), (50, 0)], id="street", kind="residential"),
        road([(0, 0), (0, 60)], id="lane"),
        building((-30, 10, -8, 80), id="west"),
        building((8, 10, 30, 80), id="east"),
    )
    candidates = offered(of)
    frame = candidates.frame.iloc[:2]
    shapes = [shapely.box(3.5, 49, 7.5, 53), shapely.box(3.5, 65, 7.5, 68)]
    frame = gpd.GeoDataFrame(frame.drop(columns="geometry"), geometry=shapes, crs=of.crs)
    groups = candidates.groups[candidates.groups["candidate_id"].isin(frame.index)]
    zones = replace(candidates.zones, rulebook=rulebook(CLAUSE))
    return judge(replace(candidates, frame=frame, groups=groups, zones=zones))


def test_what_each_leaves_both_may_take():
    verdicts = two_sheds()
    one, other = verdicts.candidates.frame.index

    assert set(verdicts.outcomes) == {"PASS"}
    assert joint_losses(verdicts, [one]) == joint_losses(verdicts, [other]) == ()
    assert joint_losses(verdicts, [one, other]) == ("lane",)
    assert blocks_of(verdicts, [one, other]) == (
        Block(clause_id="national.fire-access", feature_id="lane", sites=(one, other)),
    )
    assert blocks_of(verdicts, [one]) == ()


def test_the_audit_names_what_all_sites_together_block():
    from types import SimpleNamespace

    from siting.plan.audit_access import check_joint_access
    from siting.plan.audit_measures import things_by_class
    from siting.plan.audit_reading import facts_of

    verdicts = two_sheds()
    candidates = verdicts.candidates
    book = candidates.zones.rulebook
    facts = facts_of(candidates.zones.district)
    things = things_by_class(facts, book)
    both, one = (
        SimpleNamespace(sites=frame, facts=facts, run={}) for frame in (candidates.frame, candidates.frame.iloc[:1])
    )

    (finding,) = check_joint_access(both, book, things).findings
    assert (finding.code, finding.feature_id) == ("access-blocked", "lane")
    assert check_joint_access(one, book, things).findings == ()
