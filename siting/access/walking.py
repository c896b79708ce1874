"""Reach: who can walk to which accepted candidate, and how far; what cannot be reached is listed.

Two models, chosen in the study (`reach.ground`):

* "open" (default): over the open ground of compounds, around buildings, walls and water, through openings that are
  known or assumed, and on mapped ways in between (`siting.access.open_walks`).
* "network": from the building (its mapped entrances, else its outline) by a straight leg to the nearest edge of the
  walkable network, along it, and by a straight leg to the candidate's outline. Legs look at no wall and no building,
  and inside a compound the network is all there is: distances there are on the long side.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.access.garages import candidate_pairs, walk_targets
from siting.access.ground import Obstacles, read_obstacles
from siting.access.network import Bools, Floats
from siting.access.network_walks import NetworkOptions, Unreachable, walk_network
from siting.access.open_walks import Ends, OpenOptions, walk_openly
from siting.access.openings import Boundary, Openings, find_openings
from siting.access.reach import Pairs
from siting.access.record import Demand, Links
from siting.access.sharing import Group, Sharing, may_use
from siting.access.streets import LEVEL, Slopes, read_streets
from siting.district.record import District
from siting.errors import TableError, UsageError
from siting.kinds import Choice
from siting.sites.record import Verdicts

__all__ = ["GroundModel", "WalkOptions", "measure_links"]

_SHUT_IN = "shut in by buildings, walls or water: no walk leads to an opening of its compound"
_NO_OPENING = "its compound has no opening: no gate is known and no way joined to the street runs beside it"


class GroundModel(Choice):
    """Where people walk inside compounds."""

    OPEN = "open"  # over the ground, around obstacles, through openings
    NETWORK = "network"  # on mapped ways only


@dataclass(frozen=True, kw_only=True)
class WalkOptions:
    """How far people walk, and to whose site.

    On the network, an object farther than `max_leg_m` from every walkable way that is joined to the street is
    unreachable. `groups` are used by `Sharing.GROUPS`, `neighbour_m` by `Sharing.NEIGHBOURS`. `block_m` is the side
    of the blocks that searches run in; it changes speed, never a result.
    """

    radius_m: float
    sharing: Sharing = Sharing.OWN
    groups: tuple[Group, ...] = ()
    neighbour_m: float = 30.0
    ground: GroundModel = GroundModel.OPEN
    boundary: Boundary = Boundary.GATES
    max_leg_m: float = 150.0
    slopes: Slopes = LEVEL
    block_m: float = 800.0

    def __post_init__(self) -> None:
        """Refuse lengths that are not positive numbers."""
        for name in ("radius_m", "max_leg_m", "block_m", "neighbour_m"):
            value = getattr(self, name)
            if not (np.isfinite(value) and value > 0):
                message = f"{name} is {value:g}; give a positive number of metres"
                raise UsageError(message)


def measure_links(verdicts: Verdicts, demand: Demand, options: WalkOptions) -> Links:
    """Return every pair (building with demand, accepted candidate) within the walking limit.

    `walk_m` is at most `options.radius_m` (the limit itself is inside) and never below `straight_m`, the true
    distance between the two outlines. Metres of steep mapped ways count as `options.slopes` says. Raises `TableError`
    if the demand is of another district, `UsageError` if a group names an unknown compound.
    """
    district = verdicts.candidates.zones.district
    buildings = _buildings_of(demand, district)
    candidates = verdicts.candidates.frame.loc[sorted(verdicts.accepted)]
    allowed = may_use(district.compounds, options.sharing, groups=options.groups, neighbour_m=options.neighbour_m)
    number = district.compounds.index
    targets = walk_targets(district, candidates)
    ends = Ends(
        buildings=buildings,
        candidates=targets.frame,
        home=number.get_indexer(demand.frame["compound_id"].reindex(buildings.index)),
        place=number.get_indexer(targets.frame["compound_id"]),
    )
    streets = read_streets(district.roads, options.slopes)
    obstacles = read_obstacles(district.buildings, district.barriers, district.obstacles, district.gates)
    openings = find_openings(district, streets, obstacles, options.boundary)
    if options.ground is GroundModel.OPEN:
        pairs, lost = _walk_openly(district, ends, (openings, obstacles), allowed, options)
    else:
        settings = NetworkOptions(limit_m=options.radius_m, max_leg_m=options.max_leg_m, block_m=options.block_m)
        pairs, lost = walk_network(buildings, district.entrances, targets.frame, streets, settings)
        kept = allowed[ends.home[pairs.source], ends.place[pairs.target]]
        pairs = Pairs(source=pairs.source[kept], target=pairs.target[kept], walk_m=pairs.walk_m[kept])
    lost = [one if one.object_id not in targets.ways_down else replace(one, layer="entrances") for one in lost]
    pairs = candidate_pairs(pairs, targets, limit_m=options.radius_m)
    return Links(
        frame=_link_table(pairs, buildings, candidates, limit_m=options.radius_m),
        unreachable=_table_of([*lost, *targets.stranded]),
        openings=openings.frame,
        radius_m=options.radius_m,
        sharing=options.sharing.value,
        demand=demand,
        verdicts=verdicts,
    )


def _walk_openly(
    district: District,
    ends: Ends,
    facts: tuple[Openings, Obstacles],
    allowed: Bools,
    options: WalkOptions,
) -> tuple[Pairs, list[Unreachable]]:
    """Return the pairs over open ground, and what no walk leads to."""
    openings, obstacles = facts
    settings = OpenOptions(limit_m=options.radius_m, allowed=allowed, block_m=options.block_m)
    found = walk_openly(district, ends, openings, obstacles, settings)
    compounds = district.compounds.index.to_numpy()
    with_opening = set(openings.frame["compound_id"])
    lost = []
    sides = (
        ("buildings", ends.buildings.index, ends.home, found.shut_in_buildings, found.pairs.source),
        ("candidates", ends.candidates.index, ends.place, found.shut_in_candidates, found.pairs.target),
    )
    for layer, ids, compound, shut_in, linked in sides:
        for row in np.setdiff1d(np.flatnonzero(shut_in), linked):
            reason = _SHUT_IN if compounds[compound[row]] in with_opening else _NO_OPENING
            lost.append(Unreachable(str(ids[row]), layer, reason, np.nan))
    return found.pairs, lost


def _table_of(lost: Sequence[Unreachable]) -> pd.DataFrame:
    rows = [astuple(one) for one in lost]
    return pd.DataFrame(rows, columns=["object_id", "layer", "reason", "nearest_m"]).astype({"nearest_m": float})


def _buildings_of(demand: Demand, district: District) -> gpd.GeoDataFrame:
    strangers = demand.frame.index.difference(district.buildings.index)
    if len(strangers):
        message = f"demand names building {strangers[0]}, which is not in the district; estimate demand again"
        raise TableError(message)
    return district.buildings.loc[demand.frame.index.sort_values()]


def _link_table(
    pairs: Pairs, buildings: gpd.GeoDataFrame, candidates: gpd.GeoDataFrame, *, limit_m: float
) -> pd.DataFrame:
    """Return the pairs with ids and true distances, sorted by both ids."""
    source, target, walk_m = pairs.source, pairs.target, pairs.walk_m
    straight_m: Floats = shapely.distance(buildings.geometry.to_numpy()[source], candidates.geometry.to_numpy()[target])
    # An entrance may be mapped a little outside its building's outline, and a tower on a podium is left at the
    # podium's outline, so that the walk comes out shorter than the distance; nobody walks less than that.
    walk_m = np.maximum(walk_m, straight_m)
    near = walk_m <= limit_m
    source, target, walk_m, straight_m = source[near], target[near], walk_m[near], straight_m[near]
    return pd.DataFrame(
        {
            "building_id": buildings.index.to_numpy()[source],
            "candidate_id": candidates.index.to_numpy()[target],
            "walk_m": walk_m,
            "straight_m": straight_m,
        }
    )
