"""Audit of the ground: the sites are where the run says, apart from each other, and the same in every file.

Every pair and every building is looked at, one after the other; no index, no zone, no shortcut.
"""

import math
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from siting.geo import DISTANCE_EPSILON_M
from siting.kinds import Kind, Outcome
from siting.plan.audit_garages import same_floor
from siting.plan.audit_reading import RunFolder
from siting.plan.audit_record import Checked, Finding
from siting.rules.clause import Metric, Rulebook

__all__ = [
    "check_candidates",
    "check_clearances",
    "check_compounds",
    "check_copy",
    "check_gaps",
    "check_ground",
    "check_ids",
    "check_overlaps",
]

_SAME_PLACE_M = 1e-6
_SAME_AREA_M2 = 1e-6
_COPY_M = 0.02  # seven digits of a degree are a lattice of about 1 cm
_COPY_RELATIVE = 1e-6
_AREA = 2  # dimensions
_EV_KINDS = (Kind.EV_SURFACE.value, Kind.EV_GARAGE.value)
_IN_THE_WAY = frozenset(
    {"bicycle_parking", "charging_station", "climbing_area", "fire_station", "fuel", "gas", "heritage", "hydrant"}
    | {"pitch", "playground", "substation", "tank", "tree", "water"}
)
_OTHERS = frozenset({"elderly_care", "hospital", "kindergarten", "school"})
_OWN_SHARE = 0.5  # of a compound in the ground of an institution: then it is the institution's own
_KEPT = ("compound_id", "place_id", "kind", "bays")
_COPIED = ("compound_id", "kind", "bays", "ports", "power_kw", "cost_cny", "served", "clearance_m", "outcome",
           "transformer_id", "year", "tier")  # fmt: skip


def check_ids(run: RunFolder) -> Checked:
    """Check that every id of a table, and every pair of ids of a list, stands there once."""
    lists: dict[str, Sequence[Any]] = {
        "sites": list(run.sites.index),
        "candidates": list(run.candidates.index),
        "groups": list(run.groups.index),
        "verdicts.csv": list(zip(run.verdicts["candidate_id"], run.verdicts["clause_id"], strict=True)),
        "links.csv": list(zip(run.links["building_id"], run.links["site_id"], strict=True)),
        "sites.geojson": list(run.sites_copy.get("site_id", ())),
    }
    findings = [
        Finding.say(
            "id-repeated",
            f"{where}: {_shown(name)} stands there {times} times",
            f"{where}:{_shown(name)} 出现了 {times} 次",
            measured=times,
            required=1,
            feature_id=_shown(name),
        )
        for where, names in lists.items()
        for name, times in Counter(names).items()
        if times > 1
    ]
    return Checked(tuple(findings), sum(len(names) for names in lists.values()))


def check_candidates(run: RunFolder) -> Checked:
    """Check that every site is an accepted candidate, at the candidate's place, with its layout."""
    findings = []
    accepted = {Outcome.PASS.value, Outcome.NOT_EVALUATED.value, *(outcome.value for outcome in run.settings.admit)}
    copy = run.candidates_copy
    claimed = dict(zip(copy["candidate_id"], copy["outcome"], strict=True)) if len(copy) else {}
    candidates = run.candidates[~run.candidates.index.duplicated()]
    for site_id, site in run.sites.iterrows():
        if site_id not in candidates.index:
            findings.append(
                Finding.say(
                    "site-not-a-candidate",
                    f"site {site_id} is no candidate of this run",
                    f"选定点 {site_id} 不在候选点之中",
                    site_id=site_id,
                )
            )
            continue
        candidate = candidates.loc[site_id]
        moved_m = _shift_m(site.geometry, candidate.geometry)
        if moved_m > _SAME_PLACE_M:
            findings.append(
                Finding.say(
                    "site-moved",
                    f"site {site_id} lies up to {moved_m:.3f} m from its candidate's footprint",
                    f"选定点 {site_id} 与其候选点的轮廓相差达 {moved_m:.3f} m",
                    site_id=site_id,
                    measured=moved_m,
                    required=0,
                    unit="m",
                )
            )
        for name in _KEPT:
            if not _same(site[name], candidate[name]):
                findings.append(_differs("site-differs", site_id, name, site[name], f"{candidate[name]} (candidates)"))
        if claimed.get(site_id) not in accepted:
            findings.append(
                Finding.say(
                    "candidate-not-accepted",
                    f"site {site_id} was planned although candidates.geojson gives it {claimed.get(site_id)}",
                    f"选定点 {site_id} 被选用,但 candidates.geojson 记为 {claimed.get(site_id)}",
                    site_id=site_id,
                )
            )
    return Checked(tuple(findings), len(run.sites) * (3 + len(_KEPT)))


def check_overlaps(sites: gpd.GeoDataFrame) -> Checked:
    """Check that no two sites (column floor, if any) share ground; a common edge is no overlap."""
    findings = []
    pairs = list(combinations(sites.iterrows(), 2))
    for (one, site), (other, other_site) in pairs:
        shared_m2 = site.geometry.intersection(other_site.geometry).area
        if shared_m2 > _SAME_AREA_M2 and same_floor(site, other_site):
            findings.append(
                Finding.say(
                    "sites-overlap",
                    f"sites {one} and {other} overlap by {shared_m2:.3f} m2",
                    f"选定点 {one} 与 {other} 重叠 {shared_m2:.3f} m2",
                    site_id=str(one),
                    feature_id=str(other),
                    measured=shared_m2,
                    required=0,
                    unit="m2",
                )
            )
    return Checked(tuple(findings), len(pairs))


def check_gaps(sites: gpd.GeoDataFrame, rulebook: Rulebook) -> Checked:
    """Check that groups of different sites (column kind) keep the gap that the law asks between groups."""
    findings, checks = [], 0
    musts = [clause for clause in rulebook.clauses if clause.metric is Metric.GROUP_GAP and clause.force == "must"]
    for (one, site), (other, other_site) in combinations(sites.iterrows(), 2):
        kinds = (Kind(site["kind"]), Kind(other_site["kind"]))
        gaps = [clause for clause in musts if clause.value is not None and any(kind in clause.kinds for kind in kinds)]
        if not gaps or not same_floor(site, other_site):
            continue
        checks += 1
        clause = max(gaps, key=lambda item: item.value or 0.0)
        required_m = float(clause.value or 0.0)
        gap_m = shapely.distance(site.geometry, other_site.geometry)
        if gap_m < required_m - DISTANCE_EPSILON_M:
            findings.append(
                Finding.say(
                    "group-gap",
                    f"sites {one} and {other} stand {gap_m:.3f} m apart; {clause.clause_id} asks {required_m:g} m",
                    f"选定点 {one} 与 {other} 相距 {gap_m:.3f} m;条款 {clause.clause_id} 要求 {required_m:g} m",
                    site_id=str(one),
                    feature_id=str(other),
                    clause_id=clause.clause_id,
                    measured=gap_m,
                    required=required_m,
                    unit="m",
                )
            )
    return Checked(tuple(findings), checks)


def check_compounds(run: RunFolder) -> Checked:
    """Check that every site lies wholly inside its compound (an EV site: or one car park), which was mapped enough."""
    findings = []
    compounds, parking = run.facts.tables["compounds"], run.facts.tables["parking"]
    lots = parking[parking["kind"].isin(("surface", "street_side", "unknown"))].geometry
    drawn = parking["source"].isin(("planner", "survey")) & parking["kind"].isin(("underground", "multi_storey"))
    garages = parking.geometry[drawn]
    for site_id, site in run.sites.iterrows():
        compound_id = site["compound_id"]
        known = compound_id in compounds.index
        grounds = [compounds.geometry[compound_id]] if known else []
        if known and site["kind"] == Kind.EV_SURFACE:
            grounds.extend(lots)
        if site["kind"] == Kind.EV_GARAGE:  # only in a garage that somebody drew
            garage = site.get("garage_id")
            grounds = [garages[garage]] if garage in garages.index else []
        outside_m2 = min((site.geometry.difference(ground).area for ground in grounds), default=site.geometry.area)
        if outside_m2 > _SAME_AREA_M2:
            findings.append(
                Finding.say(
                    "outside-compound",
                    f"site {site_id} lies outside compound {compound_id} with {outside_m2:.3f} m2",
                    f"选定点 {site_id} 有 {outside_m2:.3f} m2 在小区 {compound_id} 之外",
                    site_id=str(site_id),
                    feature_id=str(compound_id),
                    measured=outside_m2,
                    required=0,
                    unit="m2",
                )
            )
        if known and compounds.loc[compound_id, "state"] != "ready":
            findings.append(
                Finding.say(
                    "survey-first",
                    f"site {site_id} stands in compound {compound_id}, whose buildings look unmapped: survey it first",
                    f"选定点 {site_id} 所在小区 {compound_id} 的楼栋疑似未测绘,应先现场核查",
                    site_id=str(site_id),
                    feature_id=str(compound_id),
                )
            )
    return Checked(tuple(findings), 2 * len(run.sites))


def check_ground(run: RunFolder) -> Checked:
    """Check that nothing stands, flows or runs where a site is: no building, way, wall, water, post or car park.

    Nor a door, a gate, or the grounds of a kindergarten, a school, a hospital or a home for the elderly.
    """
    findings: list[Finding] = []
    checks = 0
    tables = run.facts.tables
    obstacles, parking, transformers = tables["obstacles"], tables["parking"], tables["transformers"]
    layers = {
        "building": tables["buildings"].geometry,
        "road": tables["roads"].geometry,
        "barrier": tables["barriers"].geometry,
        "obstacle": obstacles[obstacles["kind"].isin(_IN_THE_WAY)].geometry,
        "transformer": transformers[transformers.geometry.notna()].geometry,
        "entrance": tables["entrances"].geometry,
        "gate": tables["gates"].geometry,
    }
    yards = obstacles[obstacles["kind"].isin(_OTHERS) & obstacles.geometry.geom_type.isin(("Polygon", "MultiPolygon"))]
    lots = {"parking": parking[parking["kind"] != "underground"].geometry}
    for site_id, site in run.sites[run.sites["kind"] != Kind.EV_GARAGE].iterrows():  # what is mapped stands on its roof
        home = tables["compounds"].geometry.get(site["compound_id"])
        foreign = [home is None or yard.intersection(home).area < _OWN_SHARE * home.area for yard in yards.geometry]
        looked_at = layers | {"grounds": yards.geometry[foreign]} | ({} if site["kind"] in _EV_KINDS else lots)
        for layer, shapes in looked_at.items():
            checks += len(shapes)
            findings.extend(
                Finding.say(
                    "ground-taken",
                    f"site {site_id} stands on {layer} {name}",
                    f"选定点 {site_id} 压占 {name}({layer})",
                    site_id=str(site_id),
                    feature_id=str(name),
                )
                for name, shape in shapes.items()
                if _stands_on(site.geometry, shape)
            )
    return Checked(tuple(findings), checks)


def _stands_on(site: Any, shape: Any) -> bool:
    """Return whether a footprint shares ground with an area, or has a line or a point inside; a touch is none."""
    if not shapely.intersects(site, shape):
        return False
    if shapely.get_dimensions(shape) == _AREA:
        return bool(site.intersection(shape).area > _SAME_AREA_M2)
    return not site.touches(shape)


def check_clearances(run: RunFolder) -> Checked:
    """Check that `clearance_m` is the true distance to the nearest building."""
    findings = []
    buildings = run.facts.tables["buildings"]
    for site_id, site in run.sites.iterrows():
        measured = min((shapely.distance(site.geometry, shape) for shape in buildings.geometry), default=math.nan)
        measured = math.nan if site["kind"] == Kind.EV_GARAGE else measured  # under buildings there is no clearance
        if not _same(site["clearance_m"], measured):
            findings.append(
                Finding.say(
                    "clearance-differs",
                    f"site {site_id}: clearance_m is given as {site['clearance_m']:.3f}; measured {measured:.3f} m",
                    f"选定点 {site_id}:clearance_m 记为 {site['clearance_m']:.3f},实测 {measured:.3f} m",
                    site_id=str(site_id),
                    measured=measured,
                    required=site["clearance_m"],
                    unit="m",
                )
            )
    return Checked(tuple(findings), len(run.sites))


def check_copy(run: RunFolder) -> Checked:
    """Check that sites.geojson has the sites of plan.gpkg, within 2 cm, with the same figures."""
    copy = run.sites_copy
    names = list(copy["site_id"]) if len(copy) else []
    findings = [
        Finding.say(
            "copy-differs",
            f"site {site_id} is missing from {where}",
            f"选定点 {site_id} 不在 {where} 中",
            site_id=str(site_id),
        )
        for where, ids in (
            ("sites.geojson", sorted(set(run.sites.index) - set(names))),
            ("plan.gpkg", sorted(set(names) - set(run.sites.index))),
        )
        for site_id in ids
    ]
    if not names:
        return Checked(tuple(findings), 1)
    metric = copy.to_crs(run.facts.crs)
    for position, site_id in enumerate(names):
        if site_id not in run.sites.index:
            continue
        site = run.sites[~run.sites.index.duplicated()].loc[site_id]
        shift_m = _shift_m(metric.geometry.iloc[position], site.geometry)
        if shift_m > _COPY_M:
            findings.append(
                Finding.say(
                    "copy-moved",
                    f"site {site_id} lies {shift_m:.3f} m apart in sites.geojson and plan.gpkg",
                    f"选定点 {site_id} 在 sites.geojson 与 plan.gpkg 中相差 {shift_m:.3f} m",
                    site_id=site_id,
                    measured=shift_m,
                    required=_COPY_M,
                    unit="m",
                )
            )
        row = copy.iloc[position]
        for name in _COPIED:
            if not _same(row.get(name), site[name], relative=_COPY_RELATIVE):
                findings.append(_differs("copy-differs", site_id, name, row.get(name), f"{site[name]} (plan.gpkg)"))
    return Checked(tuple(findings), len(names) * (1 + len(_COPIED)))


def _differs(code: str, site_id: Any, name: str, found: Any, other: str) -> Finding:
    return Finding.say(
        code,
        f"site {site_id}: {name} is {found}, elsewhere {other}",
        f"选定点 {site_id}:{name} 为 {found},而别处为 {other}",
        site_id=str(site_id),
    )


def _shift_m(one: Any, other: Any) -> float:
    """Return how far two shapes are apart at the worst place (both ways), in metres."""
    if one is None or other is None or one.is_empty or other.is_empty:
        return math.inf
    edges = shapely.hausdorff_distance(one.boundary, other.boundary)
    return float(max(edges, shapely.hausdorff_distance(one, other)))


def _same(one: Any, other: Any, *, relative: float = 1e-9) -> bool:
    """Return whether two values say the same; unknown equals unknown, figures may differ by round-off."""
    if pd.isna(one) or pd.isna(other):
        return bool(pd.isna(one) and pd.isna(other))
    if isinstance(one, str) or isinstance(other, str):
        return str(one) == str(other)
    return math.isclose(float(one), float(other), rel_tol=relative, abs_tol=_SAME_PLACE_M)


def _shown(name: Any) -> str:
    return " + ".join(map(str, name)) if isinstance(name, tuple) else str(name)
