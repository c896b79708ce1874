"""Audit of cables: their length along the ground and the cost of opening a place, measured again on a second road.

A cable leaves its transformer (or the building that this stands in) and takes the shortest way over the compound's
ground around buildings and water, with no regard to barriers. From outside, or where there is no such way, it goes
straight to the nearest walkable way joined to the street (150 m at most), along the ways, and in by an opening of the
compound. At most 1,000 m; beyond, and without a known place, the catalogue's length holds. Metres on ground that is
dug up anyway (`trench` of the compound), and along a trench that was drawn (layer `trenches`), cost the cable alone; of
the way over the ground and those along trenches the cheapest is taken.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import shapely

from siting.kinds import Kind
from siting.plan.audit_figures import KindFigures
from siting.plan.audit_ground import OpenGround, lay_open_ground
from siting.plan.audit_network import Foot, Network, feet_of, read_network, spread, walk
from siting.plan.audit_openings import Opening, openings_of, part_at_closed_gates
from siting.plan.audit_reading import RunFolder
from siting.plan.audit_record import Checked, Finding, number
from siting.plan.audit_trenches import by_trenches

__all__ = ["MOST_CABLES", "check_cables"]

#: Sites whose cable is measured again at most; of more every n-th is taken. Costs are reckoned again for all.
MOST_CABLES = 60

_MOST_M, _LEG_M = 1000.0, 150.0
_SAME_M = 0.01
_MONEY_CNY = 0.011  # rounded to fen twice
_AREA = 2


def check_cables(run: RunFolder, figures: Mapping[Kind, KindFigures]) -> tuple[Checked, tuple[str, ...]]:
    """Check cable lengths and opening costs of the sites; also return a note where only a sample was measured."""
    candidates = run.candidates[~run.candidates.index.duplicated()]
    known = [str(name) for name in run.sites.index.unique() if name in candidates.index]
    if "cable_m" not in candidates:  # no transformer has a place, or an older run
        return Checked(), ()
    findings: list[Finding] = []
    for site_id in known:
        findings += _cost(site_id, candidates.loc[site_id], figures)
    step = max(1, math.ceil(len(known) / MOST_CABLES))
    ground = _read(run)
    for site_id in known[::step]:
        transformer = run.sites.loc[[site_id]]["transformer_id"].iloc[0]
        kind = figures[Kind(candidates.loc[site_id]["kind"])]
        findings += _lengths(ground, (site_id, candidates.loc[site_id]), transformer, kind)
    notes = (f"Cables were measured again for 1 site in {step}. 电缆每 {step} 个选定点抽查一个。",) if step > 1 else ()
    return Checked(tuple(findings), len(known) + 3 * len(known[::step])), notes


def _cost(site_id: str, row: Any, figures: Mapping[Kind, KindFigures]) -> list[Finding]:
    kind = figures[Kind(row["kind"])]
    cable_m, trench_m = number(row["cable_m"]), number(row["trench_m"]) or 0.0
    alone_m = kind.cable_length_m if cable_m is None else cable_m - trench_m
    wanted = (
        kind.place_cost_cny
        + row["bays"] * (kind.bay_cost_cny + kind.bay_length_m * kind.bay_width_m * kind.roof_cost_cny_per_m2)
        + alone_m * kind.cable_cost_cny_per_m
        + trench_m * kind.trench_cable_cost_cny_per_m
    )
    if abs(row["open_cost_cny"] - wanted) <= _MONEY_CNY:
        return []
    return [_say(site_id, "open-cost-differs", ("open_cost_cny", "CNY"), row["open_cost_cny"], wanted)]


def _lengths(ground: "_Ground", site: tuple[str, Any], transformer: Any, kind: KindFigures) -> list[Finding]:
    site_id, row = site
    transformers = ground.run.facts.tables["transformers"]
    place = transformers.geometry.get(transformer) if isinstance(transformer, str) else None
    total_m, inside_m, straight_m = math.nan, 0.0, math.nan
    if place is not None and not place.is_empty:
        total_m, inside_m = _again(ground, str(row["compound_id"]), place, row.geometry)
        straight_m = float(place.distance(row.geometry))
        total_m = max(total_m, straight_m)  # metres inside the house that a transformer stands in count straight
    compounds = ground.run.facts.tables["compounds"]
    dug = "trench" in compounds and compounds["trench"].get(row["compound_id"]) == "yes"
    trench_m = inside_m if dug else 0.0
    if place is not None and not place.is_empty:
        total_m, trench_m = _cheapest(ground, place, row.geometry, (total_m, trench_m), kind)
    if not total_m <= _MOST_M:
        total_m = straight_m = trench_m = math.nan
    pairs = {"cable_m": total_m, "cable_straight_m": straight_m, "trench_m": trench_m}
    findings = []
    for name, wanted in pairs.items():
        stated = number(row[name])
        if (stated is None) != math.isnan(wanted) or (stated is not None and abs(stated - wanted) > _SAME_M):
            findings.append(_say(site_id, "cable-differs", (name, "m"), row[name], wanted))
    return findings


def _cheapest(
    ground: "_Ground", place: Any, site: Any, found: tuple[float, float], kind: KindFigures
) -> tuple[float, float]:
    """Return metres and trench metres of the cheapest cable: over the ground, or along a trench that was drawn."""

    def price(way: tuple[float, float]) -> float:
        return (way[0] - way[1]) * kind.cable_cost_cny_per_m + way[1] * kind.trench_cable_cost_cny_per_m

    trenches = ground.run.trenches
    if trenches is None:
        return found
    start = place
    if shapely.get_dimensions(place) != _AREA:
        buildings = ground.run.facts.tables["buildings"].geometry
        start = next((shape for shape in buildings if shape.intersects(place)), place)
    best = found if found[0] <= _MOST_M else (math.inf, 0.0)
    for alone_m, way_m in by_trenches(trenches.geometry, start, site, ground.solids):
        way = (max(alone_m + way_m, float(place.distance(site))), way_m)
        if way[0] <= _MOST_M and not price(way) >= price(best) - _MONEY_CNY:
            best = way
    return best


@dataclass(frozen=True, eq=False)
class _Ground:
    """The facts, and grounds and openings of compounds as they are asked for."""

    run: RunFolder
    network: Network
    around: Mapping[str, tuple[Foot, ...]]
    solids: Any
    openings: dict[str, list[Opening]] = field(default_factory=dict)
    grounds: dict[tuple[str, bytes], OpenGround] = field(default_factory=dict)

    def doors(self, compound_id: str) -> list[Opening]:
        """Return the openings of a compound, found once."""
        if compound_id not in self.openings:
            compound = self.run.facts.tables["compounds"].loc[compound_id]
            self.openings[compound_id] = openings_of(
                compound, self.run.facts, self.network, dict(self.around), all_round=False
            )
        return self.openings[compound_id]

    def ground(self, compound_id: str, spot: Any) -> OpenGround:
        """Return the ground of a compound without barriers; a place `spot` on it (or None) follows its openings."""
        key = (compound_id, b"" if spot is None else shapely.to_wkb(spot))
        if key not in self.grounds:
            tables = self.run.facts.tables
            roads, gates = tables["roads"], tables["gates"]
            points = [opening.point for opening in self.doors(compound_id)]
            self.grounds[key] = lay_open_ground(
                tables["compounds"].geometry[compound_id],
                self.solids,
                roads.geometry[roads["walkable"].astype(bool)].to_numpy(),
                gates.geometry[gates["access"] != "no"].to_numpy(),
                points if spot is None else [*points, spot],
                limit_m=_MOST_M,
            )
        return self.grounds[key]


def _read(run: RunFolder) -> _Ground:
    tables = run.facts.tables
    water = tables["obstacles"].geometry[tables["obstacles"]["kind"] == "water"]
    shapes = [shape for shape in (*tables["buildings"].geometry, *water) if shapely.get_dimensions(shape) > 0]
    network, around = part_at_closed_gates(read_network(run.facts, slopes=False), run.facts)
    return _Ground(run, network, around, np.array(shapes, dtype=object))


def _again(here: _Ground, compound_id: str, place: Any, site: Any) -> tuple[float, float]:
    """Return the length of the cable and how much of it lies on the compound's ground."""
    inside = bool(here.run.facts.tables["compounds"].geometry[compound_id].intersects(place))
    house = None
    if inside and shapely.get_dimensions(place) == _AREA:
        house = place
    elif inside:
        buildings = here.run.facts.tables["buildings"].geometry
        house = next((shape for shape in buildings if shape.intersects(place)), None)
    ground = here.ground(compound_id, place if inside and house is None else None)
    doors = here.doors(compound_id)
    ends = ground.from_site(site)
    if inside and house is None:
        over_m = ends.get(len(doors), math.inf)
    elif inside:
        starts = ground.from_building(house, [])
        through = [starts[node] + ends[node] for node in starts.keys() & ends.keys()]
        over_m = min([ground.directly(house, [], site), *through])
    else:
        over_m = math.inf
    if over_m <= _MOST_M:
        return over_m, over_m
    found = [(math.inf, 0.0)]
    feet = feet_of(here.network, place, _LEG_M)
    for number_, opening in enumerate(doors):
        in_m = ends.get(number_, math.inf)
        if math.isfinite(in_m):
            found += [(_along(here.network, foot, last) + in_m, in_m) for foot in feet for last in opening.feet]
    return min(found)


def _along(network: Network, foot: Foot, last: Foot) -> float:
    return walk(network, foot, (last, spread(network, last, _MOST_M)))


def _say(site_id: str, code: str, what: tuple[str, str], stated: Any, wanted: float) -> Finding:
    name, unit = what
    return Finding.say(
        code,
        f"site {site_id}: {name} is {stated:.3f}; measured again {wanted:.3f} {unit}",
        f"选定点 {site_id}:{name} 为 {stated:.3f},重新计得 {wanted:.3f} {unit}",
        site_id=site_id,
        measured=wanted,
        required=stated,
        unit=unit,
    )
