"""Options: candidates that a planner drew. Laid out like the searched ones, offered under their own ids, judged alike.

An area gets the largest layout that fits into it (or the one with the bays asked for); a point gets the smallest size,
or the bays asked for, around it, in line with the nearest wall or across it. What stands in the way is physics, not
law, so a drawing on taken ground is no candidate; a note says why.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
import shapely

from siting.kinds import Kind
from siting.rules.clause import Rulebook
from siting.sites.catalogue import Catalogue
from siting.sites.ground import OPEN_GROUND_KINDS, drivable_ground, obstacles_for, pieces_of
from siting.sites.layouts import Layout, group_limits, layouts_for
from siting.sites.offers import Offer
from siting.sites.packing import Anchors, axis_angles, edge_anchors, fit_layouts, join_anchors, rectangles
from siting.sites.record import Zones
from siting.sites.stalls import fit_stall_rows

__all__ = ["drawn_offers", "notes_on_other_kinds", "standing_facts"]

Found = list[tuple[Layout, Any, Any]]  # layout, footprint, polygons of its groups

_DRAWN_BY_HAND_M = 0.1  # an outline drawn to measure still holds its layout
_STEP_M = 1.0
_TRIED = 24  # sizes between one module and what the area could hold
_EDGE_M2 = 1e-6


def drawn_offers(zones: Zones, kind: Kind, catalogue: Catalogue, notes: list[str]) -> Iterator[tuple[str, Offer]]:
    """Yield (id, offer) for each drawn candidate of `kind` that stands on free ground; add why not to `notes`."""
    drawn = zones.district.drawn
    if drawn is None:
        return
    taken = shapely.STRtree(obstacles_for(zones.district, kind))
    for row in drawn[drawn["kind"] == kind.value].itertuples():
        home, reason = _home(zones, row)
        offer = None
        if not reason:
            offer, reason = _laid_out(zones, row, home, catalogue, taken)
        if offer is None:
            notes.append(f"{row.Index}: drawn by the planner, not offered: {reason}")
        else:
            yield str(row.Index), offer


def notes_on_other_kinds(zones: Zones) -> list[str]:
    """Say which drawn candidates this study does not plan."""
    drawn = zones.district.drawn
    other = [] if drawn is None else sorted(drawn.index[~drawn["kind"].isin([kind.value for kind in zones.kinds])])
    return [f"{len(other)} drawn candidates are of kinds that this study does not plan ({', '.join(other[:3])})"] * (
        len(other) > 0
    )


def standing_facts(zones: Zones, candidate_id: str, notes: list[str]) -> dict[str, float]:
    """Return how many modules of a drawn candidate stand today and what their removal costs; nothing if none do."""
    drawn = zones.district.drawn
    if drawn is None or "standing_modules" not in drawn or not drawn.loc[candidate_id, "standing_modules"] > 0:
        return {}
    cost = float(drawn.loc[candidate_id, "removal_cost_cny"]) if "removal_cost_cny" in drawn else float("nan")
    may_go = f"may be removed for {cost:,.0f} CNY" if cost == cost else "may not be removed"
    standing = float(drawn.loc[candidate_id, "standing_modules"])
    notes.append(f"{candidate_id}: {standing:.0f} modules stand there today and {may_go}")
    return {"standing_modules": standing, "removal_cost_cny": cost}


def _home(zones: Zones, row: Any) -> tuple[str, str]:
    """Return (compound, why it cannot be one)."""
    compounds = zones.district.compounds
    if isinstance(row.compound_id, str):
        home = row.compound_id
    else:
        inside = compounds.index[shapely.intersects(compounds.geometry.to_numpy(), shapely.centroid(row.geometry))]
        if not len(inside):
            return "", "it lies in no compound; name one in compound_id if it is a car park beside it"
        home = str(inside[0])
    if home not in compounds.index:
        return "", f"its compound {home} is not in the district"
    if compounds.loc[home, "state"] != "ready":
        return "", f"compound {home} is to be surveyed first"
    return home, ""


def _laid_out(
    zones: Zones, row: Any, home: str, catalogue: Catalogue, taken: shapely.STRtree
) -> tuple[Offer | None, str]:
    kind = Kind(row.kind)
    layouts = _layouts(zones.rulebook, kind, catalogue, row)
    if not layouts:
        return None, f"no lawful layout of {kind} has these bays"
    compound = zones.district.compounds.geometry[home]
    if row.geometry.geom_type == "Point":
        found = _around(zones, row.geometry, layouts)
    else:
        ground = shapely.buffer(row.geometry, _DRAWN_BY_HAND_M, join_style="mitre")
        if kind in OPEN_GROUND_KINDS:
            ground = shapely.intersection(ground, compound)
        met = taken.geometries[np.sort(taken.query(ground, predicate="intersects"))]
        found = _within(zones, shapely.difference(ground, shapely.union_all(met)), layouts, kind)
    reason = f"no layout of {layouts[0].bays} bays or more fits on its free ground"
    for layout, footprint, groups in found:
        reason = _in_the_way(footprint, compound, taken, kind)
        if not reason:
            return Offer(home, f"{home}#{row.Index}", layout, footprint, groups, is_lawful=False), ""
    return None, reason


def _layouts(rulebook: Rulebook, kind: Kind, catalogue: Catalogue, row: Any) -> tuple[Layout, ...]:
    """Return the layouts to try: of the bays asked for, else of all sizes the area could hold (a point: one module)."""
    figures = catalogue.kind(kind)
    module = figures.ports_per_module
    if np.isfinite(row.bays):
        sizes = [int(row.bays)]
    elif row.geometry.geom_type == "Point":
        sizes = [module]
    else:
        most = int(row.geometry.area / (figures.bay_width_m * figures.bay_length_m)) // module
        sizes = sorted({module * round(count) for count in np.linspace(1, max(most, 1), _TRIED)})
    return layouts_for(kind, figures, group_limits(rulebook, kind, figures), sizes)


def _within(zones: Zones, area: Any, layouts: tuple[Layout, ...], kind: Kind) -> Found:
    """Return the layouts that fit on free ground, the one with most bays first."""
    found: Found = []
    for piece in pieces_of(area, min(layout.length_m * layout.depth_m for layout in layouts)):
        if kind in OPEN_GROUND_KINDS:
            anchors = edge_anchors(piece, _STEP_M)
            fits = fit_layouts(piece, anchors, layouts)
        else:
            access = shapely.union_all([piece, *zones.district.parking.geometry, *drivable_ground(zones.district)])
            anchors, fits = fit_stall_rows(piece, access, layouts)
        for at in range(len(fits)):
            layout = layouts[fits.layout[at]]
            found.append((layout, fits.footprint[at], _groups(anchors, fits.anchor[at : at + 1], layout)))
    return sorted(found, key=lambda item: -item[0].bays)


def _around(zones: Zones, point: Any, layouts: tuple[Layout, ...]) -> Found:
    """Return the layouts centred on a drawn point, in line with the nearest wall, then across it."""
    walls = zones.district.buildings.geometry.to_numpy()
    angle = axis_angles(walls[[shapely.STRtree(walls).nearest(point)]])[0] if len(walls) else 0.0
    found: Found = []
    for turn in (angle, angle + np.pi / 2):
        along = np.array([[np.cos(turn), np.sin(turn)]])
        forward = np.column_stack((-along[:, 1], along[:, 0]))
        for layout in layouts:
            origin = shapely.get_coordinates(point) - along * layout.length_m / 2 - forward * layout.depth_m / 2
            anchors = join_anchors([Anchors(origin, along, forward, np.zeros(1, dtype=bool))])
            at = np.zeros(1, dtype=np.intp)
            footprint = rectangles(anchors, at, (0.0, layout.length_m), (0.0, layout.depth_m))[0]
            found.append((layout, footprint, _groups(anchors, at, layout)))
    return found


def _groups(anchors: Anchors, at: Any, layout: Layout) -> Any:
    shapes = [
        rectangles(anchors, at, (start, start + length), (0.0, layout.depth_m))[0] for start, length, _ in layout.groups
    ]
    return np.array(shapes, dtype=object)


def _in_the_way(footprint: Any, compound: Any, taken: shapely.STRtree, kind: Kind) -> str:
    """Return what bars the ground, "" if nothing does; an EV stall may lie in a car park outside the compound."""
    if kind in OPEN_GROUND_KINDS and shapely.difference(footprint, compound).area > _EDGE_M2:
        return "it reaches beyond its compound"
    met = taken.geometries[taken.query(footprint, predicate="intersects")]
    shared = shapely.area(shapely.intersection(met, footprint)).sum()
    return f"{shared:.1f} m2 of it are taken by a building, a way, a wall or the like" if shared > _EDGE_M2 else ""
