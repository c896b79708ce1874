"""Audit of fire access: what an engine reached without the sites it must reach with them, one by one and together.

Walked again without graph library, tree or cache: every lane segment, stand and turning square is looked at in turn.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from shapely.geometry import LineString, Polygon

from siting.plan.audit_boxes import boxes_meet
from siting.plan.audit_reading import Facts, RunFolder
from siting.plan.audit_record import Checked, Finding, number
from siting.rules.clause import Clause, Force, Metric, Rulebook

__all__ = ["Access", "access_of", "accesses_of", "check_joint_access", "lost_by"]

_STREETS = {"motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential"}
_STREETS |= {f"{kind}_link" for kind in ("motorway", "trunk", "primary", "secondary", "tertiary")}
_NO_FACE = ("garage", "service", "shed")
_CM = 100.0


@dataclass(frozen=True, eq=False)
class Access:
    """Segments (road, ends, line, width, corridor), and the options (need, shape, segment) that exist before."""

    segments: tuple[tuple[str, Any, Any, Any, float, Any], ...]
    streets: frozenset[Any]
    lane_m: float
    options: tuple[tuple[str, Any, int], ...]
    shapes: Any
    corridors: Any
    error_m: float = 0.0
    boxes: Any = None  # of the options' shapes
    corridor_boxes: Any = None


def access_of(facts: Facts, figures: Mapping[str, float]) -> Access:
    """Return lanes, needs and options of a district as the clause's figures ask."""
    segments, streets = _segments(facts, figures["lane_m"])
    bare = Access(tuple(segments), frozenset(streets), figures["lane_m"], (), None, None)
    reached = _driven(bare, set())
    found = [*_stands(facts, segments, figures), *_turns(facts, segments, streets, figures)]
    options = tuple(option for option in found if option[2] in reached)
    shapes = np.array([shape for _, shape, _ in options], dtype=object)
    corridors = np.array([segment[5] for segment in segments], dtype=object)
    boxes = [shapely.bounds(each).reshape(-1, 4) for each in (shapes, corridors)]
    error_m = facts.position_error_m
    return Access(bare.segments, bare.streets, bare.lane_m, options, shapes, corridors, error_m, *boxes)


def lost_by(access: Access, shapes: Sequence[Any]) -> tuple[str, ...]:
    """Return the needs that every option of is gone once `shapes` stand, sorted."""
    gone = np.zeros(len(access.options), dtype=bool)
    closed: set[int] = set()
    touched: dict[int, list[Any]] = defaultdict(list)
    for shape in shapes:
        box = shapely.bounds(shape)
        near = np.flatnonzero(boxes_meet(access.boxes, box))
        gone[near[shapely.intersects(shape, access.shapes[near])]] = True
        near = np.flatnonzero(boxes_meet(access.corridor_boxes, box))
        for at in near[shapely.intersects(shape, access.corridors[near])].tolist():
            touched[at].append(shape)
    if not touched and not gone.any():
        return ()
    for at, here in touched.items():
        if _widest_gap(access.segments[at], here) < min(access.segments[at][4], access.lane_m) - 0.01:
            closed.add(at)
    reached = _driven(access, closed) if closed else None
    left, all_needs = set(), set()
    for (need, _, segment), is_gone in zip(access.options, gone, strict=True):
        all_needs.add(need)
        if not is_gone and (reached is None or segment in reached):
            left.add(need)
    return tuple(sorted(all_needs - left))


def check_joint_access(run: RunFolder, rulebook: Rulebook, things: Mapping[str, Any]) -> Checked:
    """Check that all sites together, grown by the position error, leave every need an option.

    What one site alone takes is a matter of its own clause (and of its waiver). A set that run.json says was not built
    together must surely block together, or places were left out for nothing.
    """
    findings = []
    accesses = things["fire_lane"].accesses if "fire_lane" in things else {}
    for clause in _musts(rulebook):
        mine = run.sites[run.sites["kind"].isin([kind.value for kind in clause.kinds])]
        grown = [shape.buffer(run.facts.position_error_m) for shape in mine.geometry]
        lost = set(lost_by(accesses[clause.clause_id], grown)) if grown else set()
        for shape in grown if lost else ():
            lost -= set(lost_by(accesses[clause.clause_id], [shape]))
        for need in sorted(lost):
            findings.append(
                Finding.say(
                    "access-blocked",
                    f"all sites together may keep a fire engine from {need} ({clause.clause_id})",
                    f"全部选定点合在一起可能使消防车无法到达 {need}({clause.clause_id})",
                    clause_id=clause.clause_id,
                    feature_id=need,
                )
            )
    sets = list(run.run.get("not_together") or ())
    findings += [finding for said in sets for finding in _unfounded(run, said, accesses)]
    needs = sum(len({need for need, *_ in each.options}) for each in accesses.values())
    return Checked(tuple(findings), needs + len(sets))


def _unfounded(run: RunFolder, said: Mapping[str, Any], accesses: Mapping[str, Access]) -> Iterator[Finding]:
    names, need = [str(name) for name in said.get("sites") or ()], str(said.get("feature_id"))
    access, shapes = accesses.get(str(said.get("clause_id"))), run.candidates.geometry
    known = access is not None and set(names) <= set(shapes.index)
    grown = [shapes[name].buffer(run.facts.position_error_m) for name in names] if known else []
    if access is None or not known or need not in lost_by(access, grown):
        listed = ", ".join(names)
        yield Finding.say(
            "not-together-unfounded",
            f"run.json says that {listed} together keep a fire engine from {need}; measured again they do not",
            f"run.json 称 {listed} 合在一起使消防车无法到达 {need},重新量算并非如此",
            clause_id=str(said.get("clause_id")),
            feature_id=need,
        )


def accesses_of(facts: Facts, rulebook: Rulebook) -> dict[str, Access]:
    """Return the access that each clause on fire access speaks of, by clause."""
    clauses = (clause for clause in rulebook.clauses if clause.metric is Metric.FIRE_ACCESS)
    return {clause.clause_id: access_of(facts, clause.values) for clause in clauses}


def _musts(rulebook: Rulebook) -> Iterator[Clause]:
    for clause in rulebook.clauses:
        if clause.metric is Metric.FIRE_ACCESS and clause.force is Force.MUST:
            yield clause


def _segments(facts: Facts, lane_m: float) -> tuple[list[tuple[str, Any, Any, Any, float, Any]], set[Any]]:
    segments, streets = [], set()
    roads = facts.tables["roads"]
    for road in roads[roads["fire_lane"].astype(bool)].itertuples():
        width_m = number(road.width_m)
        width = lane_m if width_m is None else width_m
        for line in getattr(road.geometry, "geoms", [road.geometry]):
            points = list(line.coords)
            keys = [(round(x * _CM), round(y * _CM)) for x, y, *_ in points]
            if road.kind in _STREETS:
                streets |= set(keys)
            for at in range(len(points) - 1):
                if keys[at] != keys[at + 1]:
                    piece = LineString([points[at][:2], points[at + 1][:2]])
                    corridor = piece.buffer(width / 2.0, cap_style="flat")
                    segments.append((str(road.Index), keys[at], keys[at + 1], piece, width, corridor))
    return segments, streets


def _driven(access: Access, closed: set[int]) -> set[int]:
    """Return the open segments that can be driven from a street."""
    at: dict[Any, list[int]] = defaultdict(list)
    for index, (_, one, other, *_rest) in enumerate(access.segments):
        if index not in closed:
            at[one].append(index)
            at[other].append(index)
    seen, waiting, driven = set(access.streets), list(access.streets), set()
    while waiting:
        node = waiting.pop()
        for index in at.get(node, ()):
            driven.add(index)
            for end in access.segments[index][1:3]:
                if end not in seen:
                    seen.add(end)
                    waiting.append(end)
    return driven


def _widest_gap(segment: tuple[str, Any, Any, Any, float, Any], shapes: Iterable[Any]) -> float:
    """Return the narrowest, along the segment, of the widest free strip across it."""
    (x0, y0), (x1, y1) = segment[3].coords
    length = math.hypot(x1 - x0, y1 - y0)
    ux, uy, half = (x1 - x0) / length, (y1 - y0) / length, segment[4] / 2.0
    boxes = []
    for shape in shapes:
        overlap = shape.intersection(segment[5])
        for part in getattr(overlap, "geoms", [overlap]):
            if part.area > 0.0:
                along = [(x - x0) * ux + (y - y0) * uy for x, y in part.exterior.coords]
                across = [(y - y0) * ux - (x - x0) * uy for x, y in part.exterior.coords]
                boxes.append((min(along), max(along), min(across), max(across)))
    narrowest = 2.0 * half
    for start, *_ in boxes:
        edge, widest = -half, 0.0
        for low, high in sorted((c, d) for a, b, c, d in boxes if a <= start <= b):
            widest, edge = max(widest, low - edge), max(edge, high)
        narrowest = min(narrowest, max(widest, half - edge))
    return narrowest


def _stands(facts: Facts, segments: Sequence[Any], figures: Mapping[str, float]) -> Iterator[tuple[str, Any, int]]:
    buildings = facts.tables["buildings"]
    walls, uses = buildings.geometry.to_numpy(), buildings["use"].to_numpy(object)
    stands = [
        (segment[3].interpolate(step * figures["step_m"]), index)
        for index, segment in enumerate(segments)
        for step in range(int(segment[3].length // figures["step_m"]) + 1)
    ]
    if not stands:
        return
    points = np.array([point for point, _ in stands], dtype=object)
    boxes, wall_boxes, reach_m = shapely.bounds(points), shapely.bounds(walls), figures["reach_m"]
    for at, (name, use) in enumerate(zip(buildings.index, uses, strict=True)):
        if use in _NO_FACE:
            continue
        near = np.flatnonzero(boxes_meet(boxes, wall_boxes[at], reach_m))
        near = near[shapely.distance(points[near], walls[at]) <= reach_m]
        around = np.flatnonzero(boxes_meet(wall_boxes, wall_boxes[at], reach_m))
        around = around[around != at]
        lines = shapely.shortest_line(points[near], walls[at])
        barred = shapely.intersects(lines[:, None], walls[around][None, :]).any(axis=1)
        for stand, line in zip(near[~barred].tolist(), lines[~barred], strict=True):
            yield str(name), line, stands[stand][1]


def _turns(
    facts: Facts, segments: Sequence[Any], streets: set[Any], figures: Mapping[str, float]
) -> Iterator[tuple[str, Any, int]]:
    tables = facts.tables
    water = tables["obstacles"][tables["obstacles"]["kind"] == "water"]
    solid = np.array([*tables["buildings"].geometry, *tables["barriers"].geometry, *water.geometry], dtype=object)
    at: dict[Any, list[int]] = defaultdict(list)
    for index, segment in enumerate(segments):
        at[segment[1]].append(index)
        at[segment[2]].append(index)
    side = figures["turning_m"]
    for node, ending in at.items():
        if len(ending) != 1 or node in streets or not _long(segments, at, node, streets, figures["dead_end_m"]):
            continue
        segment = segments[ending[0]]
        (x0, y0), (x1, y1) = segment[3].coords if segment[2] == node else segment[3].coords[::-1]
        length = math.hypot(x1 - x0, y1 - y0)
        ux, uy = (x1 - x0) / length, (y1 - y0) / length
        for row in range(5):
            for column in range(5):
                s, t = side * (row / 4 - 1), side * (column / 4 - 1)
                corners = [(s, t), (s + side, t), (s + side, t + side), (s, t + side)]
                square = Polygon([(x1 + a * ux - b * uy, y1 + a * uy + b * ux) for a, b in corners])
                if not len(solid) or not shapely.intersects(square, solid).any():
                    yield segment[0], square, ending[0]


def _long(segments: Sequence[Any], at: Mapping[Any, list[int]], node: Any, streets: set[Any], least_m: float) -> bool:
    here, index, walked = node, at[node][0], 0.0
    while True:
        walked += segments[index][3].length
        here = segments[index][2] if segments[index][1] == here else segments[index][1]
        ahead = [other for other in at[here] if other != index]
        if walked > least_m or len(ahead) != 1 or here in streets:
            return bool(walked > least_m)
        index = ahead[0]
