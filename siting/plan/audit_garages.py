"""The audit's own reading of garages: the floor of a site, the way in, and what the drawings say against a clause."""

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Any

import geopandas as gpd
import shapely

from siting.geo import DISTANCE_EPSILON_M
from siting.kinds import Outcome
from siting.plan.audit_between import Reading
from siting.plan.audit_features import Thing, Things
from siting.plan.audit_reading import Facts, RunFolder
from siting.plan.audit_record import Checked, Finding, number
from siting.rules.clause import Clause, Metric

__all__ = ["check_garages", "lies_underground", "read_garage", "same_floor", "ways_into", "with_floors"]

_FACTS = {
    Metric.GARAGE_LEVEL: "levels_down",
    Metric.FIRE_UNIT_AREA: "fire_unit_m2",
    Metric.FIRE_UNIT_SIZE: "fire_unit_stalls",
    Metric.ENTRANCE_GAP: "entrance_gap_m",
}

_BESIDE_M = 30.0  # an unnamed way down serves the compound it stands in or beside
_HALF_M = 0.05


def read_garage(clause: Clause, footprint: Any, garages: Things, name: str | None = None) -> Reading:
    """Read one figure, or the missing systems, of the garage called `name`, else of the one around a footprint."""
    host = _host(footprint, garages, name)
    facts, found = (host.garage, host.feature_id) if host else ({}, None)
    limit = float(clause.value or 0.0)
    if clause.metric is Metric.EQUIPMENT:
        answers = [facts.get(system) for system in clause.systems]
        missing = sum(answer == "no" for answer in answers)
        if missing:
            return Reading(missing, limit, 0.0, Outcome.FAIL, found)
        if any(answer != "yes" for answer in answers):
            return Reading(math.nan, limit, 0.0, Outcome.NOT_EVALUATED, found)
        return Reading(0.0, limit, 0.0, Outcome.PASS, found)
    figure = number(facts.get(_FACTS[clause.metric]))
    if figure is None:
        return Reading(math.nan, limit, 0.0, Outcome.NOT_EVALUATED, found)
    excess = figure - limit if clause.op == "<=" else limit - figure
    return Reading(figure, limit, 0.0, Outcome.FAIL if excess > DISTANCE_EPSILON_M else Outcome.PASS, found)


def lies_underground(footprint: Any, garages: Things, name: str | None = None) -> bool | None:
    """Return whether the garage around a footprint lies below ground; None where nobody knows."""
    host = _host(footprint, garages, name)
    if host is None:
        return None
    levels = number(host.garage.get("levels_down"))
    if levels is not None:
        return levels > 0.0
    return {"underground": True, "multi_storey": False}.get(str(host.garage.get("kind")))


def with_floors(sites: gpd.GeoDataFrame, parking: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return sites with a column `floor`: "" on the ground, else the level below it, else the garage itself."""
    floors = []
    for garage in sites["garage_id"] if "garage_id" in sites else [None] * len(sites):
        down = number(parking["levels_down"].get(garage)) if isinstance(garage, str) else None
        floors.append("" if not isinstance(garage, str) else f"B{down:g}" if down else garage)
    return sites.assign(floor=floors)


def same_floor(one: Any, other: Any) -> bool:
    """Return whether two sites stand on one floor; without a word on floors they do."""
    return bool(one.get("floor", "") == other.get("floor", ""))


def ways_into(site: Any, facts: Facts) -> list[tuple[Any, float]] | None:
    """Return the ways down to a site in a garage, as squares of 10 cm, with the metres walked inside; else None."""
    garage = site.get("garage_id")
    if not isinstance(garage, str):
        return None
    doors = facts.tables["entrances"]
    doors = doors[doors["kind"] == "garage"]
    named = doors[doors["building_id"] == garage]
    home = facts.tables["compounds"].geometry[site["compound_id"]]
    free = [name for name, door in doors.iterrows()
            if not isinstance(door["building_id"], str) and door.geometry.distance(home) <= _BESIDE_M]  # fmt: skip
    parking = facts.tables["parking"]
    stated = number(parking["entrance_walk_m"].get(garage)) if "entrance_walk_m" in parking else None
    points: Iterable[Any] = named.geometry if len(named) else doors.geometry[free]
    return [
        (
            shapely.box(point.x - _HALF_M, point.y - _HALF_M, point.x + _HALF_M, point.y + _HALF_M),
            point.distance(site.geometry) if stated is None else stated,
        )
        for point in points
    ]


def check_garages(run: RunFolder) -> Checked:
    """Check that the sites of no zone, and of no fire unit, have more stalls together than its drawings give it."""
    parking, stalls = run.facts.tables["parking"], defaultdict[tuple[str, str], float](float)
    limits: dict[tuple[str, str], float] = {}
    for key, zone in parking.iterrows():
        named = zone.get("fire_unit")
        unit = f"{zone['compound_id']}/{named}" if isinstance(named, str) else str(key)
        rooms = ((("zone", str(key)), zone["capacity"]), (("unit", unit), zone.get("fire_unit_stalls")))
        here = sum(float(site["bays"]) for _, site in run.sites.iterrows() if site.get("garage_id") == key)
        for room, figure in rooms:
            stalls[room] += here
            if (most := number(figure)) is not None:
                limits[room] = min(most, limits.get(room, math.inf))
    findings = [
        Finding.say(
            "garage-overfull",
            f"garage {name} has {limits[kind, name]:g} stalls by its drawings, its sites {stalls[kind, name]:g}",
            f"车库 {name} 图纸车位 {limits[kind, name]:g} 个,其选定点合计 {stalls[kind, name]:g} 个",
            feature_id=name,
            measured=stalls[kind, name],
            required=limits[kind, name],
            unit="vehicles",
        )
        for kind, name in sorted(limits)
        if stalls[kind, name] > limits[kind, name]
    ]
    return Checked(tuple(findings), sum(stalls[room] > 0 for room in limits))


def _host(footprint: Any, garages: Things, name: str | None) -> Thing | None:
    called = next((garage for garage in garages.rows if garage.feature_id == name), None)
    if called is not None:
        return called
    point = footprint.representative_point()
    return next((garage for garage in garages.rows if garage.shape.intersects(point)), None)
