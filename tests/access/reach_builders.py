"""Verdicts, demand and a short way to draw grounds for the tests of access; metres, compound "c1" by default."""

from datetime import date

import builders
import pandas as pd
from builders import CRS_M
from shapely import box
from shapely.affinity import translate

from siting import tables
from siting.access.record import Demand
from siting.kinds import Kind, Outcome
from siting.rules.clause import Rulebook
from siting.sites.catalogue import load_catalogue
from siting.sites.record import Candidates, Verdicts, Zones

ORIGIN = (500_000.0, 3_500_000.0)  # sizes of real coordinates, so that round-off is real
WHOLE = (("c1", (-500, -500, 500, 500)),)

CANDIDATE = {
    "compound_id": "c1",
    "place_id": "p1",
    "kind": Kind.EBIKE_SHED.value,
    "bays": 20,
    "groups": 1,
    "ports_per_module": 10,
    "max_modules": 2,
    "ports": 20,
    "power_kw": 2.5,
    "open_cost_cny": 1000.0,
    "module_cost_cny": 1000.0,
    "cost_cny": 3000.0,
}


def block(x, y, wide=10.0, deep=10.0):
    """Return a box with its lower left corner at (x, y)."""
    return box(x, y, x + wide, y + deep)


def ground(*, buildings=(), roads=(), entrances=(), transformers=(), compounds=WHOLE, barriers=(), gates=(), others=()):
    """Draw a district; every object is (id, shape) or (id, shape, {column: value}). Roads are public streets."""
    items = [
        make(row[1], id=row[0], **(usual | (row[2] if len(row) > 2 else {})))
        for make, rows, usual in (
            (builders.compound, compounds, {}),
            (builders.building, buildings, {"compound_id": "c1"}),
            (builders.road, roads, {"kind": "residential"}),
            (builders.entrance, entrances, {"building_id": "b1", "kind": "entrance"}),
            (builders.barrier, barriers, {"kind": "wall"}),
            (builders.gate, gates, {"kind": "gate"}),
            (_transformer, transformers, {"compound_ids": "c1", "spare_kva": 100.0}),
        )
        for row in rows
    ]
    return builders.district(*items, *others, origin=ORIGIN)


def _transformer(where, *, compound_ids, **values):
    return builders.transformer(compound_ids, where, **values)


def verdicts(of, candidates, *, accepted=None):
    """Judge candidates (id, shape or None[, {column: value}]); all are accepted unless said otherwise."""
    rows = {row[0]: CANDIDATE | (row[2] if len(row) > 2 else {}) for row in candidates}
    frame = tables.CANDIDATES.empty(CRS_M)
    if rows:
        index = pd.Index(list(rows), name="candidate_id", dtype=object)
        shapes = [translate(row[1], *ORIGIN) for row in candidates]
        frame = frame.__class__(pd.DataFrame(list(rows.values()), index=index), geometry=shapes, crs=CRS_M).sort_index()
    rulebook = Rulebook(
        profile="none", title_en="none", title_zh="无", on=date(2025, 1, 1), chain=("none",), clauses=()
    )
    zones = Zones(frame=tables.ZONES.empty(CRS_M), kinds=(Kind.EBIKE_SHED,), district=of, rulebook=rulebook)
    return Verdicts(
        frame=tables.VERDICTS.empty(),
        outcomes=pd.Series(Outcome.PASS.value, index=frame.index, dtype=object),
        accepted=tuple(frame.index if accepted is None else accepted),
        clearance_m=pd.Series(10.0, index=frame.index),
        admitted=(),
        candidates=Candidates(
            frame=frame, groups=tables.GROUPS.empty(CRS_M), zones=zones, catalogue=load_catalogue(None)
        ),
    )


def demand(of, *, vehicles=10.0):
    """Give every building of a district the same demand."""
    frame = pd.DataFrame(
        {
            "compound_id": of.buildings["compound_id"],
            "households": vehicles,
            "vehicles": vehicles,
            "weight": 1.0,
            "households_source": "tag",
        },
        index=of.buildings.index,
    )
    return Demand(frame=frame, vehicle="ebike", assumptions=())
