"""Audit of reach: the lines of walks in plan.gpkg, held against links.csv and the ground, one after the other.

Every served pair has one line, and every line is of a served pair. A line with what steep ways add to it, and with
what it leaves inside the building's own block or a garage, is as long as the walk, to a millimetre; it starts at the
building (or the block it is part of) and ends at the site or at a way down into its garage. A walk without a line says
why: the site, or a way down into its garage, stands at the building. A line enters no building and no water, and
crosses no barrier, but where a mapped walkable way leads through or a gate stands in the barrier. Over open ground it
leaves a compound at openings only, and outside it keeps to mapped ways, but for the straight legs at gates and open
boundaries (10 m and 30 m at each end at most).
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
import shapely

from siting.plan.audit_garages import ways_into
from siting.plan.audit_network import Foot, Network, read_network
from siting.plan.audit_openings import block_shapes, openings_of, part_at_closed_gates
from siting.plan.audit_reading import RunFolder
from siting.plan.audit_record import Checked, Finding, rows_of
from siting.plan.audit_slopes import added_by_slopes

__all__ = ["MOST_LINES", "check_paths"]

#: Lines held against the ground at most; of a longer list every n-th is taken. Lengths are checked of all.
MOST_LINES = 1500

_LENGTH_M = 0.001
_TOUCH_M = 0.005
_ON_WAY_M = 0.01
_GATE_M = 0.6
_AREA = 2  # dimensions
_GARAGE, _AT_BUILDING = "in_garage", "at_building"
_DOOR_M = 0.05
_LEG_M = 30.1
_LEGS_M = 2 * (10.0 + 30.0) + 0.1


def check_paths(run: RunFolder) -> tuple[Checked, tuple[str, ...]]:
    """Check every line of a walk; also return a note where a run has none, or only a sample was checked."""
    walks = run.walks
    if walks is None:
        note = (
            "plan.gpkg has no lines of walks (an older run), so none were checked. plan.gpkg 没有步行路径线,未予检查。"
        )
        return Checked(), (note,)
    stated: dict[tuple[str, str], Any] = {(row.building_id, row.site_id): row for row in rows_of(run.links)}
    drawn: dict[tuple[str, str], Any] = {(row.building_id, row.site_id): row for row in rows_of(walks)}
    findings = [
        _say(pair, "walk-line-missing", "has no line in plan.gpkg", "在 plan.gpkg 中没有路径线")
        for pair in sorted(set(stated) - set(drawn))
    ]
    findings += [
        _say(pair, "walk-line-extra", "has a line, but is not served", "有路径线,但并未服务")
        for pair in sorted(set(drawn) - set(stated))
    ]
    both = sorted(set(stated) & set(drawn))
    ground = _read_ground(run)
    for pair in both:
        findings += _length(pair, float(stated[pair].walk_m), drawn[pair])
        if drawn[pair].geometry is None:
            findings += ground.undrawn(pair, drawn[pair])
    lines = [pair for pair in both if drawn[pair].geometry is not None]
    step = max(1, math.ceil(len(lines) / MOST_LINES))
    for pair in lines[::step]:
        findings += ground.findings(pair, drawn[pair])
    notes = (
        (f"Lines of walks were held against the ground for 1 in {step}. 步行路径线每 {step} 条抽查一条。",)
        if step > 1
        else ()
    )
    return Checked(tuple(findings), len(set(stated) | set(drawn)) + len(both) + 4 * len(lines[::step])), notes


def _length(pair: tuple[str, str], walk_m: float, row: Any) -> list[Finding]:
    line_m = 0.0 if row.geometry is None else float(row.geometry.length)
    more_m = float(row.inside_m) + _slope_m(row)
    off_m = abs(line_m + more_m - walk_m)
    if off_m <= _LENGTH_M and float(row.inside_m) >= 0.0 and _slope_m(row) >= 0.0:
        return []
    return [
        _say(pair, "walk-line-length", f"has a line of {line_m:.3f} m (+ {more_m:.3f}), but walks {walk_m:.3f} m",
             f"路径线长 {line_m:.3f} m(另 {more_m:.3f} m),而步行为 {walk_m:.3f} m",
             measured=line_m + more_m, required=walk_m, unit="m")
    ]  # fmt: skip


def _slope_m(row: Any) -> float:
    """Return what steep ways add to a walk; runs from before there was such a figure add nothing."""
    return float(getattr(row, "slope_m", 0.0))


@dataclass(frozen=True, eq=False)
class _Ground:
    """What lines are held against: solids, barriers, ways, gates, and openings as they are asked for."""

    run: RunFolder
    solids: Any
    walls: Any
    ways: Any
    gates: Any
    network: Network
    around: Mapping[str, tuple[Foot, ...]]
    openings: dict[str, list[Any]] = field(default_factory=dict)

    def undrawn(self, pair: tuple[str, str], row: Any) -> list[Finding]:
        """Return what is wrong with a walk that has no line: it must say why, and it must be so."""
        building, site = self._pair(pair)
        why = str(getattr(row, "undrawn", None))
        into = ways_into(site, self.run.facts)
        doors = self.run.facts.tables["entrances"]
        at = [building.geometry, self._block(building.geometry), *doors.geometry[doors["building_id"] == pair[0]]]
        held = {
            _GARAGE: into is not None and any(_meet(way, at) for way, _ in into),
            _AT_BUILDING: into is None and _meet(site.geometry, at),
        }
        if held.get(why, False):
            return []
        return [
            _say(pair, "walk-undrawn", f"has no line; the reason given ({why}) does not hold",
                 f"没有路径线,所给理由({why})不成立")
        ]  # fmt: skip

    def _pair(self, pair: tuple[str, str]) -> tuple[Any, Any]:
        sites = self.run.sites
        return self.run.facts.tables["buildings"].loc[pair[0]], sites[~sites.index.duplicated()].loc[pair[1]]

    def findings(self, pair: tuple[str, str], row: Any) -> list[Finding]:
        """Return what is wrong with the line of one walk."""
        line = row.geometry
        building, site = self._pair(pair)
        found = self._slopes(pair, row, (building, site))
        into = ways_into(site, self.run.facts)
        ends = (
            [site.geometry]
            if into is None
            else [way for way, inside_m in into if float(row.inside_m) >= inside_m - _LENGTH_M]
        )
        if not (self._starts(line, building.geometry) and any(self._ends(line, end) for end in ends)):
            found.append(
                _say(pair, "walk-line-ends", "is not drawn from the building to the site", "路径线未连接楼栋与选定点")
            )
        ways = shapely.union_all(_near(line, self.ways)).buffer(_ON_WAY_M)
        off_way = line.difference(ways)
        inside_m = sum(
            float(off_way.intersection(solid.buffer(-_TOUCH_M)).length) for solid in _near(off_way, self.solids)
        )
        is_open = self.run.settings.ground == "open"  # else what leads to the mapped ways is straight, as it says
        if is_open and (inside_m > 2 * _TOUCH_M or self._crosses(line, ways)):
            found.append(
                _say(
                    pair,
                    "walk-line-blocked",
                    "is drawn through a building, water or a barrier",
                    "路径线穿越建筑、水面或围墙",
                )
            )
        if is_open and not self._keeps_out(line, ways, (building, site)):
            found.append(
                _say(pair, "walk-line-astray", "is drawn over a boundary away from openings, or off the ways outside",
                     "路径线未经出入口越过小区边界,或在小区外偏离道路")
            )  # fmt: skip
        return found

    def _slopes(self, pair: tuple[str, str], row: Any, ends: tuple[Any, Any]) -> list[Finding]:
        """Return a finding if steep ways add another figure to a walk than its line says."""
        compounds = self.run.facts.tables["compounds"].geometry
        grounds = [compounds[str(end["compound_id"])] for end in ends] if self.run.settings.ground == "open" else []
        least_m, most_m = added_by_slopes(row.geometry, self.run.facts.tables["roads"], grounds)
        if least_m - _LENGTH_M <= _slope_m(row) <= most_m + _LENGTH_M:
            return []
        return [
            _say(pair, "walk-slope",
                 f"has {_slope_m(row):.3f} m for steep ways; by its line {least_m:.3f} to {most_m:.3f} m",
                 f"陡坡折算 {_slope_m(row):.3f} m,按路径线应为 {least_m:.3f} 至 {most_m:.3f} m",
                 measured=_slope_m(row), required=least_m, unit="m")
        ]  # fmt: skip

    def _starts(self, line: Any, outline: Any) -> bool:
        start = shapely.Point(line.coords[0])
        return bool(start.distance(outline) <= _TOUCH_M or start.distance(self._block(outline)) <= _TOUCH_M)

    def _ends(self, line: Any, site: Any) -> bool:
        end = shapely.Point(line.coords[-1])
        if end.distance(site) <= _TOUCH_M:
            return True
        return bool(site.intersects(self._block(site)) and end.distance(self._block(site)) <= _TOUCH_M)

    def _block(self, shape: Any) -> Any:
        """Return the solids that touch a shape, with those that touch these, and so on."""
        count = -1
        while True:
            touching = [solid for solid in _near(shape, self.solids) if solid.intersects(shape)]
            if len(touching) == count:
                return shape
            count, shape = len(touching), shapely.union_all([shape, *touching])

    def _crosses(self, line: Any, ways: Any) -> bool:
        for wall in _near(line, self.walls):
            for start, end in pairwise(line.coords):
                step = shapely.LineString([start, end])
                if step.length <= 4 * _TOUCH_M:
                    continue
                inner = shapely.LineString([step.interpolate(_TOUCH_M), step.interpolate(step.length - _TOUCH_M)])
                met = inner.intersection(wall)
                if met.is_empty or met.length > 0 or not inner.crosses(wall):
                    continue
                slides = inner.intersection(wall.buffer(_TOUCH_M)).length > 0.1
                ends = met.distance(wall.boundary) <= _TOUCH_M
                gate = any(met.distance(spot) <= _GATE_M for spot in self.gates)
                if not (slides or ends or gate or met.distance(ways) <= _ON_WAY_M):
                    return True
        return False

    def _keeps_out(self, line: Any, ways: Any, ends: tuple[Any, Any]) -> bool:
        """Return whether a line leaves the compounds of its ends at openings only and keeps to the ways outside."""
        compounds = self.run.facts.tables["compounds"]
        names = list(dict.fromkeys(str(row["compound_id"]) for row in ends))
        grounds = shapely.union_all([compounds.geometry[name] for name in names]).buffer(_TOUCH_M)
        outside = line.difference(grounds)
        if outside.length <= _TOUCH_M:
            return True
        doors = shapely.union_all([opening.point for name in names for opening in self._openings(name)])
        borders = shapely.get_coordinates(shapely.intersection(outside, grounds.boundary))
        # straight legs of openings and gates look at walls and houses, not at lines on the map
        starts = shapely.union_all([doors, *_near(line, self.gates)])
        steps = [shapely.LineString(ends) for ends in pairwise(line.coords)]
        legs = [step for step in steps if step.length <= _LEG_M and step.boundary.distance(starts) <= _DOOR_M]
        passed = shapely.union_all([doors.buffer(_DOOR_M), *(leg.buffer(_ON_WAY_M) for leg in legs), ways])
        near = all(shapely.Point(spot).distance(passed) <= _ON_WAY_M for spot in borders)
        return bool(near and outside.difference(ways).length <= _LEGS_M)

    def _openings(self, compound_id: str) -> list[Any]:
        if compound_id not in self.openings:
            compound = self.run.facts.tables["compounds"].loc[compound_id]
            all_round = self.run.settings.boundary == "open"
            self.openings[compound_id] = openings_of(
                compound, self.run.facts, self.network, dict(self.around), all_round=all_round
            )
        return self.openings[compound_id]


def _read_ground(run: RunFolder) -> _Ground:
    tables = run.facts.tables
    shapes, roads, gates = block_shapes(run.facts), tables["roads"], tables["gates"]
    network, around = part_at_closed_gates(read_network(run.facts), run.facts)
    return _Ground(
        run=run,
        solids=shapes[shapely.get_dimensions(shapes) == _AREA],
        walls=shapes[shapely.get_dimensions(shapes) == 1],
        ways=roads.geometry[roads["walkable"].astype(bool)].to_numpy(),
        gates=gates.geometry[gates["access"] != "no"].to_numpy(),
        network=network,
        around=around,
    )


def _meet(shape: Any, others: Iterable[Any]) -> bool:
    return any(shape.distance(other) <= _TOUCH_M for other in others)


def _near(shape: Any, others: Any) -> Any:
    """Return the shapes whose boxes meet that of `shape`, grown by a metre."""
    if not len(others) or shape.is_empty:
        return others[:0]
    west, south, east, north = shape.bounds
    boxes = shapely.bounds(others)
    near = (
        (boxes[:, 0] <= east + 1) & (boxes[:, 2] >= west - 1) & (boxes[:, 1] <= north + 1) & (boxes[:, 3] >= south - 1)
    )
    return others[np.asarray(near, dtype=bool)]


def _say(pair: tuple[str, str], code: str, what_en: str, what_zh: str, **figures: Any) -> Finding:
    building_id, site_id = pair
    return Finding.say(
        code,
        f"walk {building_id} - {site_id} {what_en}",
        f"步行 {building_id} - {site_id} {what_zh}",
        site_id=str(site_id),
        feature_id=str(building_id),
        **figures,
    )
