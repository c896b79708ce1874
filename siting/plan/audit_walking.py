"""Audit of reach: every walk of the plan again, on a second road through the mapped ways or over open ground.

Over open ground see `siting.plan.audit_open`. On mapped ways: networkx instead of scipy, one site after the other
instead of blocks, and the nearest way found by looking at all of them. What a walk is there: from a building's mapped
entrances (else from its outline) by a straight leg to the nearest walkable edge that is joined to the street, along
the network, and by a straight leg to the site's outline.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from types import MappingProxyType
from typing import Any

import shapely

from siting.plan.audit_garages import ways_into
from siting.plan.audit_network import Foot, Network, Node, feet_of, read_network, spread, walk
from siting.plan.audit_open import open_walks_again
from siting.plan.audit_reading import Facts, RunFolder
from siting.plan.audit_record import Checked, Finding, rows_of

__all__ = ["MOST_LINKS", "MOST_OPEN_LINKS", "check_links", "check_walks", "walks_again"]

#: Walks re-measured at most; of a longer list every n-th is taken.
MOST_LINKS = 3000
#: The same over open ground, where every corner is tried with every other.
MOST_OPEN_LINKS = 600

_WALK_M = 0.01

Ways = Sequence[tuple[Any, float]]
_ON_THE_GROUND: Mapping[str, Ways] = MappingProxyType({})


def check_links(run: RunFolder) -> Checked:
    """Check that links join a building and a site, keep radius and sharing policy, and beat no straight line."""
    findings: list[Finding] = []
    buildings = run.facts.tables["buildings"]
    for link in rows_of(run.links):
        if link.building_id not in buildings.index or link.site_id not in run.sites.index:
            findings.append(_say("link-unknown", link, "one of the two is not in the run", "其中之一不在本方案中"))
            continue
        building, site = buildings.loc[link.building_id], _row(run.sites, link.site_id)
        straight_m = float(shapely.distance(building.geometry, site.geometry))
        radius_m = run.settings.radius_m
        if not link.walk_m <= radius_m + _WALK_M:
            findings.append(
                _say("beyond-radius", link, f"walks {link.walk_m:.2f} m, beyond {radius_m:g} m",
                     f"步行 {link.walk_m:.2f} m,超过 {radius_m:g} m", measured=link.walk_m, required=radius_m)
            )  # fmt: skip
        if not link.walk_m >= straight_m - _WALK_M:
            findings.append(
                _say("walk-too-short", link, f"walks {link.walk_m:.2f} m, but is {straight_m:.2f} m apart",
                     f"步行 {link.walk_m:.2f} m,而直线距离为 {straight_m:.2f} m",
                     measured=link.walk_m, required=straight_m)
            )  # fmt: skip
        if not _may_use(run, building["compound_id"], site["compound_id"]):
            findings.append(
                _say("sharing-broken", link, f"is of compound {building['compound_id']}, not {site['compound_id']}",
                     f"属小区 {building['compound_id']},而非 {site['compound_id']}")
            )  # fmt: skip
    return Checked(tuple(findings), 4 * len(run.links))


def _may_use(run: RunFolder, home: str, place: str) -> bool:
    """Return whether residents of one compound may use the sites of another, as the study says."""
    compounds, settings = run.facts.tables["compounds"], run.settings
    if home == place or settings.sharing == "everyone":
        return True
    if settings.sharing == "neighbours":
        apart_m = compounds.geometry[home].distance(compounds.geometry[place])
        return bool(apart_m <= settings.neighbour_m)
    if settings.sharing == "groups":
        names = [{key, compounds["name"][key]} for key in (home, place)]
        return any(all(called & set(group) for called in names) for group in settings.groups)
    return False


def check_walks(run: RunFolder) -> tuple[Checked, tuple[str, ...]]:
    """Walk every link again and compare with `walk_m`; also return a note if only a sample was walked."""
    known = run.links["building_id"].isin(run.facts.tables["buildings"].index) & run.links["site_id"].isin(
        run.sites.index
    )
    links = run.links[known].sort_values(["site_id", "building_id"], kind="stable")
    open_ground = run.settings.ground == "open"
    most = MOST_OPEN_LINKS if open_ground else MOST_LINKS
    step = math.ceil(len(links) / most) if len(links) else 1
    links = links.iloc[::step]
    notes = (
        (f"Walks were measured again for 1 link in {step} ({len(links)} of {len(run.links)}). "
         f"步行距离每 {step} 条抽查一条。",) if step > 1 else ()
    )  # fmt: skip
    pairs = list(zip(links["building_id"], links["site_id"], strict=True))
    sites = {str(name): _row(run.sites, name) for name in links["site_id"].unique()}
    into = {name: ways_into(site, run.facts) for name, site in sites.items()}
    ways = {name: held for name, held in into.items() if held is not None}
    if open_ground:
        found = open_walks_again(
            run.facts,
            pairs,
            {name: (site.geometry, site["compound_id"]) for name, site in sites.items()},
            limit_m=run.settings.radius_m,
            all_round=run.settings.boundary == "open",
            ways=ways,
        )
        ranges = {pair: (walk_m, walk_m) for pair, walk_m in found.items()}
    else:
        shapes = {name: site.geometry for name, site in sites.items()}
        limits_m = (run.settings.radius_m, run.settings.max_leg_m)
        ranges = walks_again(run.facts, pairs, shapes, limits_m=limits_m, ways=ways)
    findings = []
    for link in rows_of(links):
        low_m, high_m = ranges[link.building_id, link.site_id]
        if not low_m - _WALK_M <= link.walk_m <= high_m + _WALK_M:
            findings.append(
                _say("walk-differs", link, f"is given {link.walk_m:.2f} m; walked again {low_m:.2f} m",
                     f"记为 {link.walk_m:.2f} m,重新量得 {low_m:.2f} m", measured=low_m, required=link.walk_m)
            )  # fmt: skip
    return Checked(tuple(findings), len(links)), notes


def walks_again(
    facts: Facts,
    pairs: Iterable[tuple[str, str]],
    sites: Mapping[str, Any],
    *,
    limits_m: tuple[float, float],
    ways: Mapping[str, Ways] = _ON_THE_GROUND,
) -> dict[tuple[str, str], tuple[float, float]]:
    """Return the walk of each (building_id, site_id) as the least and the most it may be, metres; inf: unreachable.

    The two differ only where several legs of a building or site are equally short, so that each is a right one.
    `limits_m` are the walking limit, beyond which nothing is searched, and the longest leg. `ways` leads to a site in
    a garage: what is walked to instead, and the metres walked on inside.
    """
    radius_m, max_leg_m = limits_m
    network, doors = read_network(facts), _doors(facts)
    outlines = facts.tables["buildings"].geometry
    feet: dict[str, list[list[Foot]]] = {}
    ends: dict[str, list[tuple[float, list[tuple[Foot, Mapping[Node, float]]]]]] = {}
    found = {}
    for building_id, site_id in pairs:
        outline, site = outlines[building_id], sites[site_id]
        if building_id not in feet:
            feet[building_id] = [feet_of(network, shape, max_leg_m) for shape in doors.get(building_id) or [outline]]
        if site_id not in ends:
            ends[site_id] = [
                (inside_m, [(foot, spread(network, foot, radius_m)) for foot in feet_of(network, shape, max_leg_m)])
                for shape, inside_m in ways.get(site_id, [(site, 0.0)])
            ]
        low_m = high_m = math.inf
        for inside_m, way in ends[site_id]:
            least_m, most_m = _walk_range(network, feet[building_id], way)
            low_m, high_m = min(low_m, least_m + inside_m), min(high_m, most_m + inside_m)
        straight_m = float(shapely.distance(outline, site))  # nobody walks less, wherever a door is drawn
        found[building_id, site_id] = (max(low_m, straight_m), max(high_m, straight_m))
    return found


def _doors(facts: Facts) -> dict[str, list[Any]]:
    """Return the mapped entrances of each building; an emergency exit is none."""
    doors: dict[str, list[Any]] = defaultdict(list)
    for door in facts.tables["entrances"].itertuples():
        if door.kind == "entrance" and isinstance(door.building_id, str):
            doors[door.building_id].append(door.geometry)
    return doors


def _walk_range(
    network: Network, starts: Iterable[list[Foot]], ends: list[tuple[Foot, Mapping[Node, float]]]
) -> tuple[float, float]:
    """Return the shortest walk if every tie between feet falls well, and if every tie falls badly."""
    low_m = high_m = math.inf
    for feet in starts:
        walks_m = [walk(network, foot, end) for foot, end in product(feet, ends)]
        if walks_m:
            low_m, high_m = min(low_m, *walks_m), min(high_m, max(walks_m))
    return low_m, high_m


def _row(frame: Any, key: Any) -> Any:
    return frame[~frame.index.duplicated()].loc[key]


def _say(code: str, link: Any, what_en: str, what_zh: str, **figures: Any) -> Finding:
    return Finding.say(
        code,
        f"link {link.building_id} - {link.site_id} {what_en}",
        f"连接 {link.building_id} - {link.site_id} {what_zh}",
        site_id=str(link.site_id),
        feature_id=str(link.building_id),
        unit="m" if figures else "",
        **figures,
    )
