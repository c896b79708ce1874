"""Options: the ground one could build on at all, before any clause: compounds less what already stands or flows there.

This is physics, not law: nobody builds a shed in a house, on a carriageway or in a pond. What the law adds is in
`siting.sites.zones`. Everything here only searches; verdicts are by true distance.
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from siting.district.record import District
from siting.kinds import Kind
from siting.sites.garages import garage_zones

__all__ = [
    "OPEN_GROUND_KINDS",
    "bare_shares",
    "carriageways",
    "drivable_ground",
    "host_polygons",
    "obstacles_for",
    "pieces_of",
]

Shapes = npt.NDArray[Any]

#: Kinds that stand on open ground of a compound (the others use mapped parking).
OPEN_GROUND_KINDS = (Kind.EBIKE_OPEN, Kind.EBIKE_SHED, Kind.EBIKE_CABINET)

# Widths of unmeasured ways in metres, to search with (planning defaults; law on lanes is judged by its clauses).
_WIDTH_M = {"footway": 1.5, "path": 1.5, "steps": 2.0, "cycleway": 2.0, "pedestrian": 3.0, "service": 4.0}
_WIDTH_OTHER_M = 7.0
_WIDTH_MAIN_M = {"residential": 6.0, "living_street": 5.0, "unclassified": 6.0, "track": 3.0}
_BARRIER_CLEAR_M = 0.5
_KERB_M = 3.0  # a car may cross this much unmapped ground between a lane and the aisle before a stall
_POINT_CLEAR_M = 1.5  # around a tree, a hydrant, a post: mapped as a point, but it takes room
_DOOR_CLEAR_M = 2.0  # before a mapped door: people come out, and the leaf swings (assumption, no clause)
_GATE_CLEAR_M = 4.0  # around a mapped gate: an opening of 7 m is drawn as one point (assumption, no clause)
_GROUNDS = ("elderly_care", "hospital", "kindergarten", "school")  # yards of others, whoever lives around them
_OWN_SHARE = 0.5  # of a compound inside such a ground: then it is the institution's own compound
_IN_THE_WAY = (
    "bicycle_parking",
    "charging_station",
    "climbing_area",
    "fire_station",
    "fuel",
    "gas",
    "heritage",
    "hydrant",
    "pitch",
    "playground",
    "substation",
    "tank",
    "tree",
    "water",
)
_SEGMENTS = 4


def pieces_of(shape: Any, least_m2: float) -> Shapes:
    """Return the polygons of `shape` of at least `least_m2`, in a fixed order (by their lower left corner)."""
    parts = shapely.get_parts(shapely.normalize(shape))
    parts = parts[(shapely.get_type_id(parts) == 3) & (shapely.area(parts) >= least_m2)]
    bounds = np.round(shapely.bounds(parts).reshape(-1, 4), 3)
    return np.asarray(parts[np.lexsort((bounds[:, 1], bounds[:, 0]))])


def bare_shares(district: District, reach_m: float) -> "pd.Series[float]":
    """Return, per compound that is ready, the share of its ground farther than `reach_m` from any mapped building."""
    ready = district.compounds[district.compounds["state"] == "ready"]
    walls = district.buildings.geometry.to_numpy()
    tree = shapely.STRtree(walls)
    shares = []
    for compound in ready.geometry:
        near = walls[np.sort(tree.query(compound, predicate="dwithin", distance=reach_m))]
        reached = shapely.union_all(shapely.buffer(near, reach_m, quad_segs=_SEGMENTS))
        shares.append(shapely.difference(compound, reached).area / compound.area)
    return pd.Series(shares, index=ready.index, dtype=float)


def carriageways(district: District) -> Shapes:
    """Return each road as the ground it takes: its mapped width, or a usual one for its kind."""
    roads = district.roads
    usual = roads["kind"].map({**_WIDTH_M, **_WIDTH_MAIN_M}).fillna(_WIDTH_OTHER_M).to_numpy(dtype=float)
    mapped = pd.to_numeric(roads["width_m"]).to_numpy(dtype=float)
    width = np.where(np.isfinite(mapped), mapped, usual)
    return np.asarray(shapely.buffer(roads.geometry.to_numpy(), width / 2.0, quad_segs=_SEGMENTS, cap_style="flat"))


def drivable_ground(district: District) -> Shapes:
    """Return the ground a car can reach a stall over: each drivable road with its kerb strip."""
    return np.asarray(shapely.buffer(carriageways(district)[district.roads["drivable"].to_numpy(bool)], _KERB_M))


def obstacles_for(district: District, kind: Kind) -> Shapes:
    """Return everything a facility of `kind` cannot stand on, as polygons; car parks only bar the way to e-bikes.

    In a garage it is nothing: what the map shows stands on its roof.
    """
    if kind is Kind.EV_GARAGE:
        return np.empty(0, dtype=object)
    obstacles = district.obstacles[district.obstacles["kind"].isin(_IN_THE_WAY)].geometry.to_numpy()
    parts = [
        district.buildings.geometry.to_numpy(),
        carriageways(district),
        shapely.buffer(district.barriers.geometry.to_numpy(), _BARRIER_CLEAR_M, quad_segs=_SEGMENTS),
        _with_room(obstacles),
        _with_room(district.transformers.geometry[~district.transformers.geometry.isna()].to_numpy()),
        shapely.buffer(district.entrances.geometry.to_numpy(), _DOOR_CLEAR_M, quad_segs=_SEGMENTS),
        shapely.buffer(district.gates.geometry.to_numpy(), _GATE_CLEAR_M, quad_segs=_SEGMENTS),
        _grounds_of_others(district),
    ]
    if kind in OPEN_GROUND_KINDS:
        parts.append(district.parking[district.parking["kind"] != "underground"].geometry.to_numpy())
    shapes = np.concatenate(parts)
    return np.asarray(shapes[~shapely.is_empty(shapes)])


def _grounds_of_others(district: District) -> Shapes:
    """Return the grounds of kindergartens, schools, hospitals and homes for the elderly: a compound cannot use them.

    A compound of which half lies in such a ground is its own (staff housing of a college) and is taken off.
    """
    every = district.obstacles[district.obstacles["kind"].isin(_GROUNDS)].geometry.to_numpy()
    grounds = every[shapely.get_dimensions(every) == 2]  # a point says where, not how far
    homes = district.compounds.geometry.to_numpy()
    ground, home = shapely.STRtree(homes).query(grounds, predicate="intersects")
    shared = shapely.area(shapely.intersection(grounds[ground], homes[home]))
    own = shared >= _OWN_SHARE * shapely.area(homes[home])
    for at in np.unique(ground[own]):
        grounds[at] = shapely.difference(grounds[at], shapely.union_all(homes[home[own & (ground == at)]]))
    return np.asarray(grounds)


def _with_room(shapes: Shapes) -> Shapes:
    flat = shapely.get_dimensions(shapes) < 2
    return np.asarray(shapely.buffer(shapes, np.where(flat, _POINT_CLEAR_M, 0.0), quad_segs=_SEGMENTS))


def host_polygons(district: District, kind: Kind, reach_m: float) -> pd.DataFrame:
    """Return the ground that may host `kind`: columns host_id, compound_id, geometry, one row each, sorted.

    For e-bikes the host is the compound itself. For EV stalls it is a mapped surface car park inside a compound
    or within `reach_m` of one (then of the nearest); car parks closed to everybody are left out. For garages it is
    a planner's zone, of the compound it names or of the nearest.
    """
    ready = district.compounds[district.compounds["state"] == "ready"]
    if kind in OPEN_GROUND_KINDS:
        return pd.DataFrame(
            {"host_id": ready.index, "compound_id": ready.index, "geometry": ready.geometry.to_numpy()}
        ).sort_values("host_id", ignore_index=True)
    columns = ["host_id", "compound_id", "geometry"]
    open_air = district.parking[district.parking["kind"].isin(["surface", "street_side", "unknown"])]
    lots = garage_zones(district) if kind is Kind.EV_GARAGE else open_air
    lots = lots[lots["access"].ne("no") | lots["access"].isna()]
    if lots.empty or ready.empty:
        return pd.DataFrame(columns=columns)
    if kind is Kind.EV_GARAGE:  # a garage whose own compound is to be surveyed first hosts nothing
        lots = lots[lots["compound_id"].isin(ready.index) | lots["compound_id"].isna()]
    tree = shapely.STRtree(ready.geometry.to_numpy())
    lot, compound = tree.query_nearest(lots.geometry.to_numpy(), max_distance=max(reach_m, 1e-6), all_matches=False)
    hosts = {
        "host_id": lots.index[lot],
        "compound_id": ready.index[compound],
        "geometry": lots.geometry.to_numpy()[lot],
    }
    if kind is Kind.EV_GARAGE:
        hosts["compound_id"] = lots["compound_id"].iloc[lot].fillna(pd.Series(hosts["compound_id"], lots.index[lot]))
    return pd.DataFrame(hosts, columns=columns).sort_values("host_id", ignore_index=True)
