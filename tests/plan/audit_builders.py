"""A run folder written by hand, and the tools to tamper with it.

Two compounds of 100 m x 60 m beside a street, each with a lane down its middle (metres, before `ORIGIN`):

    y 60 ─────────────────────────────        b/1 (5..25, 40..50) door (25, 45)   24 households
         │  b/1   │lane│   b/2       │        b/2 (60..80, 40..50) door (60, 45)  24 households
         │        │x=50│             │        s/1 (40..46, 10..14): 20 bays, 2 modules, 20 ports
         │    s/1 │    │  s/3        │        s/3 (60..66, 10..14): offered, not chosen
    y 0  ─────────┴────┴──────────────
    y -5 ═══════════ street ═══════════       c/2 is the same 120 m to the east: b/3, b/4, s/2 (1 module)

Walk b/1 -> s/1: leg 25 m to the lane, 31 m down it, leg 4 m = 60 m; b/2 -> s/1: 10 + 31 + 4 = 45 m.
Ports serve 2.4 e-bikes: s/1 48 = b/1 24 + b/2 24, s/2 24 = b/3 24. A module draws 10 x 0.25 kW x 0.65 / 0.95 =
1.711 kVA; t/1 has 1 kVA to spare and buys 10 kVA for 5,000. Cost 27,000 + 23,500 + 5,000 = 55,500 of 60,000 CNY.
"""

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
from builders import CRS_M, building, compound, district, entrance, road, transformer
from shapely.affinity import translate

from siting.district.fingerprint import fingerprint
from siting.district.record import DISTRICT_TABLES, District
from siting.kinds import Kind, Outcome
from siting.outputs.toml import dump_toml
from siting.rules.measures import FacilityFacts, Shapes, measure
from siting.rules.profiles import load_rulebook
from siting.tables import CANDIDATES, GROUPS

__all__ = [
    "ON",
    "ORIGIN",
    "STUDY",
    "edit_csv",
    "edit_geojson",
    "edit_json",
    "edit_layer",
    "edit_study",
    "quarter",
    "write_profile",
    "write_run_folder",
]

ON = date(2026, 1, 1)
ORIGIN = (500_000.0, 3_300_000.0)
KIND = Kind.EBIKE_SHED

_CLAUSES = {
    "wall": ("separation", "building", ">=", 6.0, "m"),
    "lane": ("keep_clear", "fire_lane", ">=", 4.0, "m"),
    "hydrant": ("separation", "hydrant", ">=", 2.0, "m"),
    "school": ("adjacency", "sensitive_building", "<=", 0.0, "objects"),
    "gap": ("group_gap", "layout", ">=", 2.0, "m"),
    "size": ("group_size", "layout", "<=", 25.0, "vehicles"),
    "sockets": ("socket_spacing", "layout", ">=", 0.8, "m"),
}

#: The study of the folder, as the pipeline resolves it.
STUDY: dict[str, Any] = {
    "name": "by hand",
    "source": {"osm": "quarter.osm.pbf", "position_error_m": 0.5, "surveyed": []},
    "rules": {"profile": "", "on": ON, "admit": []},
    "facility": {"kinds": [KIND.value], "catalogue": {}},
    "demand": {"ebikes_per_household": 1.0, "m2_per_household": 92.5, "default_levels": 5.0},
    "reach": {"radius_m": 100.0, "sharing": "own", "max_leg_m": 150.0},
    "limits": {"budget_cny": 60000.0},
}


def quarter() -> District:
    """Return the district of the drawing."""
    items = []
    for number, east in ((1, 0.0), (2, 120.0)):
        home = f"c/{number}"
        items += [
            compound((east, 0, east + 100, 60), id=home, name=f"Compound {number}"),
            road([(east + 50, -5), (east + 50, 55)], id=f"w/{number}"),
        ]
        for left, door in ((5.0, 25.0), (60.0, 60.0)):
            name = f"b/{2 * number - (left == 5.0)}"
            where = (east + left, 40, east + left + 20, 50)
            items += [
                building(where, id=name, compound_id=home, households=24.0, households_source="survey"),
                entrance((east + door, 45), id=f"door-{name}", kind="entrance", building_id=name),
            ]
        step = '[{"kva": 10, "cost_cny": 5000, "lead_time_months": 6}]'
        items.append(transformer(home, id=f"t/{number}", spare_kva=1.0 if number == 1 else 50.0, upgrade_steps=step))
    street = [(-100, -5), (50, -5), (170, -5), (320, -5)]
    items.append(road(street, id="w/0", kind="residential"))
    return district(*items, origin=ORIGIN, position_error_m=0.5)


def write_profile(path: Path) -> Path:
    """Write a rule profile with one clause of each sort."""
    clauses = [
        {
            "id": name,
            "kinds": [KIND.value],
            "metric": metric,
            "measure_from": "footprint",
            "to": to,
            "op": op,
            "value": value,
            "unit": unit,
            "force": "must",
            "jurisdiction": "nowhere",
            "standard": "hand-drawn",
            "clause": "1",
            "source": "tests",
            "confidence": "from memory",
            "title_en": name,
            "title_zh": name,
        }
        for name, (metric, to, op, value, unit) in _CLAUSES.items()
    ]
    path.write_text(dump_toml({"name": "hand", "title_en": "Hand", "title_zh": "手绘", "clause": clauses}), "utf-8")
    return path


def write_run_folder(folder: Path) -> Path:
    """Write the run of the drawing; an audit of it has nothing to say."""
    folder.mkdir()
    profile = str(write_profile(folder.parent / "hand.toml"))
    of, candidates, groups = quarter(), _candidates(), _groups()
    ledger = _ledger(of, candidates, groups, profile)
    outcomes = _worst(ledger, candidates.index)
    sites = _sites(of, candidates, outcomes)
    links = pd.DataFrame(
        [("b/1", "s/1", 60.0, 24.0), ("b/2", "s/1", 45.0, 24.0), ("b/3", "s/2", 60.0, 24.0)],
        columns=["building_id", "site_id", "walk_m", "served"],
    )
    layers = {name: getattr(of, name) for name in DISTRICT_TABLES}
    facts = layers | {"candidates": candidates, "groups": groups}
    for name, frame in (facts | {"sites": sites}).items():
        _write_layer(folder, name, frame)
    _write_geojson(folder / "sites.geojson", sites)
    _write_geojson(folder / "candidates.geojson", candidates.assign(outcome=outcomes))
    ledger.to_csv(folder / "verdicts.csv", index=False)
    links.to_csv(folder / "links.csv", index=False)
    study = STUDY | {"rules": STUDY["rules"] | {"profile": profile}}
    (folder / "study.toml").write_text(dump_toml(study), encoding="utf-8")
    (folder / "run.json").write_text(json.dumps(_run_json(sites) | {"facts": _signed(facts)}), encoding="utf-8")
    return folder


def edit_json(folder: Path, change: Callable[[dict[str, Any]], object], name: str = "run.json") -> None:
    """Let `change` alter the object of a JSON file in place."""
    value = json.loads((folder / name).read_text("utf-8"))
    change(value)
    (folder / name).write_text(json.dumps(value), "utf-8")


def edit_geojson(folder: Path, name: str, change: Callable[[dict[str, Any]], object], *, at: int = 0) -> None:
    """Let `change` alter one feature of a GeoJSON file in place."""
    edit_json(folder, lambda value: change(value["features"][at]), name)


def edit_study(folder: Path, old: str, new: str) -> None:
    """Replace a line of study.toml."""
    text = (folder / "study.toml").read_text("utf-8")
    assert old in text
    (folder / "study.toml").write_text(text.replace(old, new), "utf-8")


def edit_csv(folder: Path, name: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> None:
    """Write back what `change` makes of a CSV file, all of it text."""
    frame = pd.read_csv(folder / name, dtype=str, keep_default_na=False)
    change(frame).to_csv(folder / name, index=False)


def edit_layer(folder: Path, name: str, change: Callable[[gpd.GeoDataFrame], gpd.GeoDataFrame]) -> None:
    """Write back what `change` makes of one layer of plan.gpkg (the text index is its first column)."""
    frame = pyogrio.read_dataframe(folder / "plan.gpkg", layer=name)
    changed = change(frame.set_index(frame.columns[0]))
    _write_layer(folder, name, changed)


def _candidates() -> gpd.GeoDataFrame:
    boxes = {"s/1": (40, 10, 46, 14), "s/2": (160, 10, 166, 14), "s/3": (60, 10, 66, 14)}
    values = {
        "compound_id": ["c/1", "c/2", "c/1"],
        "place_id": ["p/1", "p/2", "p/3"],
        "kind": KIND.value,
        "bays": 20,
        "groups": 1,
        "ports_per_module": 10,
        "max_modules": 2,
        "ports": 20,
        "power_kw": 5.0,
        "open_cost_cny": 20000.0,
        "module_cost_cny": 3500.0,
        "cost_cny": 27000.0,
    }
    shapes = [translate(shapely.box(*bounds), *ORIGIN) for bounds in boxes.values()]
    index = pd.Index(list(boxes), name="candidate_id", dtype=object)
    return gpd.GeoDataFrame(values, geometry=shapes, index=index, crs=CRS_M)


def _groups() -> gpd.GeoDataFrame:
    candidates = _candidates()
    index = pd.Index([f"{name}/g1" for name in candidates.index], name="group_id", dtype=object)
    values = {"candidate_id": list(candidates.index), "bays": 20, "length_m": 6.0}
    return gpd.GeoDataFrame(values, geometry=list(candidates.geometry), index=index, crs=CRS_M)


def _ledger(of: District, candidates: gpd.GeoDataFrame, groups: gpd.GeoDataFrame, profile: str) -> pd.DataFrame:
    shapes = Shapes(
        footprints=candidates.geometry.to_numpy(),
        bays=candidates["bays"].to_numpy(),
        group_shapes=groups.geometry.to_numpy(),
        group_of=np.arange(len(groups)),
        group_bays=groups["bays"].to_numpy(),
        group_length_m=groups["length_m"].to_numpy(),
    )
    facility = FacilityFacts(kind=KIND, socket_spacing_m=0.8, exits=2, port_kw=0.25)
    rows = []
    for clause in load_rulebook(profile, on=ON).for_kind(KIND):
        found = measure(clause, shapes, of, facility)
        table = {"candidate_id": candidates.index, "clause_id": clause.clause_id, "metric": clause.metric.value}
        table |= {"measured": found.measured, "required": found.required, "unit": clause.unit}
        table |= {"tolerance": found.tolerance, "outcome": found.outcome, "force": clause.force.value}
        rows.append(pd.DataFrame(table | {"feature_id": found.feature_id}))
    return pd.concat(rows).sort_values(["candidate_id", "clause_id"])


def _worst(ledger: pd.DataFrame, ids: Any) -> Any:
    order = [outcome.value for outcome in Outcome]
    return ledger["outcome"].map(order.index).groupby(ledger["candidate_id"]).min().map(order.__getitem__).reindex(ids)


def _sites(of: District, candidates: gpd.GeoDataFrame, outcomes: Any) -> gpd.GeoDataFrame:
    chosen = candidates.loc[["s/1", "s/2"]].rename_axis("site_id")
    modules = np.array([2, 1])
    figures = {
        "compound_id": chosen["compound_id"],
        "compound_name": ["Compound 1", "Compound 2"],
        "place_id": chosen["place_id"],
        "kind": KIND.value,
        "bays": 20,
        "modules": modules,
        "ports": 10 * modules,
        "power_kw": 2.5 * modules,
        "cost_cny": 20000.0 + 3500.0 * modules,
        "served": 24.0 * modules,
        "households_served": 24.0 * modules,
        "clearance_m": [of.buildings.distance(shape).min() for shape in chosen.geometry],
        "outcome": outcomes.loc[chosen.index],
        "transformer_id": ["t/1", "t/2"],
        "year": 0,
        "tier": "implement",
    }
    return gpd.GeoDataFrame(figures, geometry=chosen.geometry, index=chosen.index, crs=CRS_M)


def _signed(facts: dict[str, Any]) -> dict[str, str]:
    tables = dict(DISTRICT_TABLES) | {"candidates": CANDIDATES, "groups": GROUPS}
    return {name: fingerprint(frame, tables[name]) for name, frame in facts.items()}


def _run_json(sites: gpd.GeoDataFrame) -> dict[str, Any]:
    return {
        "status": "PROVEN",
        "budget_cny": 60000.0,
        "spent_cny": 55500.0,
        "upgrades": {"t/1": 5000.0},
        "demand": 96.0,
        "served": 72.0,
        "sites": len(sites),
        "parameters": {
            "radius_m": 100.0,
            "sharing": "own",
            "kinds": [KIND.value],
            "vehicles_per_port": {KIND.value: 2.4},
            "position_error_m": 0.5,
            "admit": [],
            "completeness": {"building": "mapped", "fire_lane": "mapped"},
        },
        "rules": {"profile": "hand", "on": ON.isoformat()},
        "inputs": [{"name": "quarter.osm.pbf", "sha256": "0" * 64}],
        "audit": None,
    }


def _write_layer(folder: Path, name: str, frame: gpd.GeoDataFrame) -> None:
    shape_types = set(frame.geometry.dropna().geom_type)
    kind = shape_types.pop() if len(shape_types) == 1 else "Unknown"
    flat = frame.reset_index()
    texts = {
        column: pd.Series([value if isinstance(value, str) else None for value in flat[column]], dtype="str")
        for column in flat.columns
        if flat[column].dtype == object and column != flat.geometry.name
    }
    pyogrio.write_dataframe(flat.assign(**texts), folder / "plan.gpkg", layer=name, geometry_type=kind, driver="GPKG")


def _write_geojson(path: Path, frame: gpd.GeoDataFrame) -> None:
    degrees = frame.to_crs("EPSG:4326")
    snapped = degrees.set_geometry(shapely.set_precision(degrees.geometry.to_numpy(), 1e-7))
    path.write_text(snapped.reset_index().to_json(drop_id=True), encoding="utf-8")
