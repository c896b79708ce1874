"""Options: the smallest move that would make a refused candidate lawful.

A footprint moved by v stands nearer than r to an object exactly when v lies in the object grown by the mirrored
footprint and by r. The union of these areas over all objects is where no move helps; the point of the rest that is
nearest to no move at all is the smallest move. The search asks for a whole PASS (strictest class, full position
error) and for ground free of what already stands there; then the moved footprint is judged by every must, so a
metric that this search does not draw can only refuse a move, never let one through.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from shapely.affinity import translate

from siting.kinds import Kind, Outcome
from siting.rules.clause import Clause, Force, Metric
from siting.rules.measures import LAYOUT_METRICS, Shapes, measure, requirement_of
from siting.sites.ground import host_polygons, obstacles_for
from siting.sites.record import Candidates, Verdicts
from siting.sites.verdicts import shapes_of

__all__ = ["MOST_MOVE_M", "MOVE_COLUMNS", "smallest_moves"]

#: A move beyond this is another place, not a move.
MOST_MOVE_M = 20.0
MOVE_COLUMNS = ("dx_m", "dy_m", "move_m", "reason")

_DRAWN = frozenset({Metric.SEPARATION, Metric.SEPARATION_BY_CLASS, Metric.KEEP_CLEAR, Metric.ADJACENCY})
_QUAD_SEGS = 16
_INSCRIBED = 1.0 / np.cos(np.pi / (4 * _QUAD_SEGS))  # a drawn circle is a polygon inside the true one
_SLACK_M = 0.005  # beyond the limit, so that the move can be told in millimetres
_LATTICE_M = 0.001
_TRIES = 6
_WINDOWS_M = (5.0, MOST_MOVE_M)  # most moves are short, and a small window holds few objects
_AREA = 2  # dimensions
_APART_M = 0.5  # between two tries for one candidate
_REFUSING = (Outcome.FAIL.value, Outcome.UNCERTAIN.value)

_Shapes = npt.NDArray[np.object_]
_Floats = npt.NDArray[np.floating[Any]]


@dataclass(frozen=True, eq=False)
class _Keep:
    """Objects to keep away from, and how far (metres, with every doubt)."""

    shapes: _Shapes
    reach_m: _Floats
    tree: shapely.STRtree


def smallest_moves(verdicts: Verdicts, ids: Iterable[str] | None = None) -> pd.DataFrame:
    """Return, index candidate_id, dx_m, dy_m, move_m and reason for `ids`, by default every refused candidate.

    `reason` is "moved"; "none within 20 m"; or "layout", where the layout itself breaks a clause and no move helps
    (then the figures are NaN).
    """
    refused = verdicts.candidates.frame.index.difference(list(verdicts.accepted))
    wanted = sorted(refused if ids is None else ids)
    found = pd.DataFrame(np.nan, index=pd.Index(wanted, name="candidate_id", dtype=object), columns=MOVE_COLUMNS[:3])
    found["reason"] = f"none within {MOST_MOVE_M:g} m"
    kinds = verdicts.candidates.frame["kind"].reindex(wanted)
    stuck = _stuck_layouts(verdicts)
    for kind in verdicts.candidates.zones.kinds:
        mine = [name for name in wanted if kinds[name] == kind.value]
        found.loc[[name for name in mine if name in stuck], "reason"] = "layout"
        movable = [name for name in mine if name not in stuck]
        for name, (dx, dy) in _moves(verdicts.candidates, kind, movable).items():
            found.loc[name, ["dx_m", "dy_m", "move_m"]] = [dx, dy, round(float(np.hypot(dx, dy)), 3)]
            found.loc[name, "reason"] = "moved"
    return found


def _stuck_layouts(verdicts: Verdicts) -> set[str]:
    frame = verdicts.frame
    of_layout = frame["metric"].isin([metric.value for metric in LAYOUT_METRICS])
    broken = frame["force"].eq(Force.MUST.value) & frame["outcome"].isin(_REFUSING)
    return set(frame.loc[of_layout & broken, "candidate_id"])


def _moves(candidates: Candidates, kind: Kind, names: list[str]) -> dict[str, tuple[float, float]]:
    if not names or kind is Kind.EV_GARAGE:  # what refuses a garage is no distance
        return {}
    keeps = _keeps(candidates, kind)
    hosts = _hosts(candidates, kind)
    tries = {name: _tries(candidates, name, keeps, hosts) for name in names}
    found: dict[str, tuple[float, float]] = {}
    for turn in range(_TRIES):
        asked = {name: moves[turn] for name, moves in tries.items() if name not in found and turn < len(moves)}
        lawful = _judged(candidates, kind, asked)
        found |= {name: move for name, move in asked.items() if name in lawful}
    return found


def _keeps(candidates: Candidates, kind: Kind) -> Mapping[tuple[float, float], _Keep]:
    """Return what to keep away from, by the bays a clause speaks of: (least, most) -> objects and reaches."""
    zones = candidates.zones
    by_size: dict[tuple[float, float], list[tuple[_Shapes, _Floats]]] = {}
    for clause in zones.rulebook.for_kind(kind):
        if clause.force is not Force.MUST or clause.metric not in _DRAWN:
            continue
        features, needs = requirement_of(clause, zones.district, candidates.catalogue.facts(kind))
        touch_m = _LATTICE_M if clause.metric is Metric.ADJACENCY else 0.0
        reach = np.asarray(needs.high, dtype=float) + features.errors_m + touch_m
        by_size.setdefault(_bays_of(clause), []).append((features.shapes, reach))
    ground = obstacles_for(zones.district, kind)
    by_size.setdefault((-np.inf, np.inf), []).append((ground, np.zeros(len(ground))))
    return {size: _keep(parts) for size, parts in by_size.items()}


def _keep(parts: list[tuple[_Shapes, _Floats]]) -> _Keep:
    """Return the objects of several clauses, each once with the farthest reach any of them asks for."""
    shapes = np.concatenate([shapes for shapes, _ in parts])
    reach_m = np.concatenate([reach for _, reach in parts])
    farthest = np.argsort(-reach_m, kind="stable")
    _, first = np.unique(shapely.to_wkb(shapes[farthest]).astype(object), return_index=True)
    kept = np.sort(farthest[first])
    return _Keep(shapes[kept], reach_m[kept], shapely.STRtree(shapes[kept]))


def _bays_of(clause: Clause) -> tuple[float, float]:
    bounds = np.array([clause.when.get("min_bays", -np.inf), clause.when.get("max_bays", np.inf)], dtype=float)
    return float(bounds[0]), float(bounds[1])


def _hosts(candidates: Candidates, kind: Kind) -> pd.DataFrame:
    return host_polygons(candidates.zones.district, kind, MOST_MOVE_M)


def _tries(
    candidates: Candidates, name: str, keeps: Mapping[tuple[float, float], _Keep], hosts: pd.DataFrame
) -> list[tuple[float, float]]:
    """Return moves that the drawing allows, the smallest first; a near one spares the search farther away."""
    row = candidates.frame.loc[name]
    home = shapely.union_all(hosts.loc[hosts["compound_id"].eq(row["compound_id"]), "geometry"].to_numpy())
    moves: list[tuple[float, float]] = []
    for most_m in _WINDOWS_M:
        free = _free_moves(row, home, keeps, most_m)
        moves = [
            move
            for move in _nearest_moves(free)
            if home.covers(translate(row.geometry, *move).buffer(-_LATTICE_M)) and np.hypot(*move) <= most_m
        ][:_TRIES]
        if moves:
            break
    return moves


def _free_moves(row: Any, home: Any, keeps: Mapping[tuple[float, float], _Keep], most_m: float) -> Any:
    """Return the moves of at most `most_m` that keep the footprint off every object, as an area."""
    footprint = row.geometry
    corners = -shapely.get_coordinates(shapely.convex_hull(footprint))[:-1]  # what an object grows by
    window = footprint.buffer(most_m)
    shapes, reaches = [np.array([shapely.boundary(home)], dtype=object)], [np.zeros(1)]
    for (least, most), keep in keeps.items():
        if least <= float(row["bays"]) <= most:
            near = keep.tree.query(window, predicate="dwithin", distance=float(keep.reach_m.max(initial=0.0)))
            near = np.sort(near[shapely.distance(keep.shapes[near], window) <= keep.reach_m[near]])
            shapes.append(keep.shapes[near])
            reaches.append(keep.reach_m[near])
    every, reach_m = np.concatenate(shapes), np.concatenate(reaches)
    areas = every[shapely.get_dimensions(every) == _AREA]
    inside = [translate(shape, *corners.mean(axis=0)) for shape in shapely.intersection(areas, window)]
    circle = shapely.Point(0.0, 0.0).buffer(most_m, quad_segs=_QUAD_SEGS)
    return shapely.difference(circle, shapely.union_all([*inside, *_swept(every, reach_m, corners, window)]))


def _swept(shapes: _Shapes, reach_m: _Floats, corners: _Floats, window: Any) -> _Shapes:
    """Return the moves that bring the footprint nearer than `reach_m` to an outline, a line or a point."""
    lines = np.where(shapely.get_dimensions(shapes) == _AREA, shapely.boundary(shapes), shapes)
    lines = shapely.intersection(lines, shapely.buffer(window, reach_m + 1.0))
    parts, owner = shapely.get_parts(lines, return_index=True)
    points, of_part = shapely.get_coordinates(parts, return_index=True)
    follows = np.flatnonzero(of_part[1:] == of_part[:-1])
    lone = np.flatnonzero(np.bincount(of_part, minlength=len(parts))[of_part] == 1)
    starts, ends = np.concatenate([follows, lone]), np.concatenate([follows + 1, lone])
    if not len(starts):
        return np.empty(0, dtype=object)
    rows = np.repeat(np.arange(len(starts)), 2 * len(corners))
    grown = np.concatenate([points[starts][:, None] + corners[None], points[ends][:, None] + corners[None]], axis=1)
    hulls = shapely.convex_hull(shapely.multipoints(grown.reshape(-1, 2), indices=rows))
    radius = (reach_m[owner[of_part[starts]]] + _SLACK_M) * _INSCRIBED
    swept: _Shapes = shapely.buffer(hulls, radius, quad_segs=_QUAD_SEGS)
    return swept


def _nearest_moves(free: Any) -> list[tuple[float, float]]:
    """Return points of the free area, the nearest to no move first, each some way from the others."""
    origin = shapely.Point(0.0, 0.0)
    points = []
    for part in shapely.get_parts(free):
        if shapely.get_dimensions(part) == _AREA and not part.is_empty:
            points.append(shapely.get_coordinates(shapely.shortest_line(origin, part))[1])
            points.extend(shapely.get_coordinates(part))
    points.sort(key=lambda point: (round(float(np.hypot(*point)), 6), point[0], point[1]))
    chosen: list[tuple[float, float]] = []
    for x, y in points:
        if all(np.hypot(x - dx, y - dy) >= _APART_M for dx, dy in chosen):
            chosen.append((round(float(x), 3), round(float(y), 3)))
        if len(chosen) == 4 * _TRIES:
            break
    return chosen


def _judged(candidates: Candidates, kind: Kind, moves: Mapping[str, tuple[float, float]]) -> set[str]:
    """Return the names whose moved footprint keeps every must."""
    if not moves:
        return set()
    ids, shapes = shapes_of(candidates, kind)
    at = ids.get_indexer(pd.Index(list(moves)))
    step = np.array(list(moves.values()))
    number = np.full(len(ids), -1)
    number[at] = np.arange(len(at))
    groups = np.flatnonzero(number[shapes.group_of] >= 0)
    of_group = number[shapes.group_of[groups]]
    moved = Shapes(
        footprints=_shifted(shapes.footprints[at], step),
        bays=shapes.bays[at],
        group_shapes=_shifted(shapes.group_shapes[groups], step[of_group]),
        group_of=of_group,
        group_bays=shapes.group_bays[groups],
        group_length_m=shapes.group_length_m[groups],
        names=tuple(shapes.names[number] for number in at.tolist()),
        garages=None if shapes.garages is None else shapes.garages[at],
    )
    lawful = np.ones(len(at), dtype=bool)
    facts = candidates.catalogue.facts(kind)
    for clause in candidates.zones.rulebook.for_kind(kind):
        if clause.force is Force.MUST:
            outcome = measure(clause, moved, candidates.zones.district, facts).outcome
            lawful &= ~np.isin(outcome.astype(str), _REFUSING)
    return {name for name, kept in zip(moves, lawful, strict=True) if kept}


def _shifted(shapes: _Shapes, step: _Floats) -> _Shapes:
    moved = [translate(shape, float(dx), float(dy)) for shape, (dx, dy) in zip(shapes, step, strict=True)]
    result = np.empty(len(moved), dtype=object)
    result[:] = moved
    return result
