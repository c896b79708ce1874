"""A run small enough to draw by hand, with real records and stand-ins for plan and solution only.

Two compounds side by side, 100 m x 60 m each, origin at (500000, 3300000) in EPSG:4549:

    west compound c/1 (0..100, 0..60)      east compound c/2 (120..220, 0..60)
    b/1 (10..40, 40..50)  20 vehicles      b/3 (130..160, 40..50)  30 vehicles
    b/2 (60..90, 40..50)  10 vehicles      b/4 kindergarten (180..210, 40..50), no demand
    candidate p/1#a (20..30, 10..15): 25 m to b/1, PASS, chosen: serves b/1 whole and b/2 half
    candidate p/2#a (60..70, 36..39): 1 m to b/2, FAIL (6 m asked), refused
    candidate p/3#a (140..150, 10..15): NOT EVALUATED on hydrants, accepted, not chosen
"""

import math
from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

import geopandas as gpd
import pandas as pd
from pyproj import CRS
from shapely import LineString, Point, Polygon, box
from shapely.affinity import translate

from siting import tables
from siting.access.record import Demand, Links
from siting.contract import Table
from siting.district.record import District, InputFile
from siting.kinds import Completeness, Kind
from siting.model.goal import Aim
from siting.outputs.run import Run
from siting.rules.clause import Clause, Confidence, Force, Metric, Rulebook
from siting.sites.catalogue import load_catalogue
from siting.sites.record import Candidates, Verdicts, Zones

CRS_M = CRS.from_epsg(4549)
ORIGIN = (500_000.0, 3_300_000.0)
HOSTILE = "</script><script>alert(1)</script>"
FORMULA = "=cmd|' /C calc'!A0"


def at(shape: Any) -> Any:
    return translate(shape, *ORIGIN)


def frame(index: str, rows: dict[str, dict[str, Any]], shapes: dict[str, Any], table: Table) -> gpd.GeoDataFrame:
    data = pd.DataFrame.from_dict(rows, orient="index").rename_axis(index)
    held = {name: column for name, column in table.columns.items() if name in data}
    for name, column in held.items():
        kind = (column.metadata or {})["kind"]
        if kind == "text":
            data[name] = data[name].astype(object).where(data[name].notna(), None)
        else:
            data[name] = data[name].astype({"float": float, "int": "int64", "bool": bool}[kind])
    geometry = [at(shapes[key]) if shapes[key] is not None else None for key in data.index]
    return gpd.GeoDataFrame(data[list(held)], geometry=geometry, crs=CRS_M)


def compounds() -> gpd.GeoDataFrame:
    common = {"households": None, "ebikes": None, "evs": None, "weight": 1.0, "building_cover_share": 0.1}
    rows = {
        "c/1": common | {"name": "柳荫小区", "state": "ready", "source": "tag"},
        "c/2": common | {"name": HOSTILE, "state": "survey_first", "source": "planner", "households": 30.0},
    }
    return frame("compound_id", rows, {"c/1": box(0, 0, 100, 60), "c/2": box(120, 0, 220, 60)}, tables.COMPOUNDS)


def buildings() -> gpd.GeoDataFrame:
    common = {
        "compound_id": "c/1",
        "name": None,
        "use": "residential",
        "levels": 6.0,
        "height_m": 18.0,
        "height_source": "estimate",
        "fire_class": "unknown",
        "households": None,
        "households_source": None,
        "source": "tag",
    }
    rows = {
        "b/1": common | {"name": FORMULA},
        "b/2": common,
        "b/3": common | {"compound_id": "c/2", "levels": None, "height_m": None, "height_source": None},
        "b/4": common | {"compound_id": "c/2", "use": "kindergarten", "name": "春芽幼儿园"},
    }
    shapes = {
        "b/1": box(10, 40, 40, 50),
        "b/2": box(60, 40, 90, 50),
        "b/3": box(130, 40, 160, 50),
        "b/4": box(180, 40, 210, 50),
    }
    return frame("building_id", rows, shapes, tables.BUILDINGS)


def district(*, synthetic: bool = True) -> District:
    road = {
        "kind": "residential",
        "name": "柳荫路",
        "walkable": True,
        "drivable": True,
        "fire_lane": True,
        "width_m": None,
    }
    return District(
        name="测试片区 Test quarter",
        crs=CRS_M,
        study_area=at(box(-10, -20, 230, 70)),
        compounds=compounds(),
        buildings=buildings(),
        entrances=frame(
            "entrance_id",
            {"n/1": {"building_id": "b/1", "kind": "exit", "source": "tag"}},
            {"n/1": Point(25, 40)},
            tables.ENTRANCES,
        ),
        roads=frame(
            "road_id",
            {
                "r/1": road | {"access": None, "source": "tag"},
                "r/2": road | {"drivable": False, "access": None, "source": "tag"},
            },
            {"r/1": LineString([(-10, -5), (230, -5)]), "r/2": LineString([(50, -5), (50, 60)])},
            tables.ROADS,
        ),
        barriers=frame(
            "barrier_id",
            {"w/1": {"kind": "wall", "source": "tag"}},
            {"w/1": LineString([(0, 0), (100, 0)])},
            tables.BARRIERS,
        ),
        gates=frame(
            "gate_id", {"g/1": {"kind": "gate", "access": None, "source": "tag"}}, {"g/1": Point(50, 0)}, tables.GATES
        ),
        obstacles=frame(
            "obstacle_id",
            {
                "o/1": {"kind": "hydrant", "name": None, "source": "tag"},
                "o/2": {"kind": "green", "name": "中心绿地", "source": "tag"},
                "o/3": {"kind": "water", "name": None, "source": "tag"},
            },
            {
                "o/1": Point(95, 5),
                "o/2": Polygon([(70, 5), (90, 5), (90, 25), (70, 25)], [[(75, 10), (80, 10), (80, 15), (75, 15)]]),
                "o/3": LineString([(225, -20), (225, 70)]),
            },
            tables.OBSTACLES,
        ),
        parking=frame(
            "parking_id",
            {
                "k/1": {
                    "compound_id": "c/2",
                    "name": None,
                    "kind": "surface",
                    "capacity": 12.0,
                    "access": None,
                    **dict.fromkeys(tables.GARAGE_FIGURES, math.nan),
                    **dict.fromkeys(tables.GARAGE_SYSTEMS),
                    "source": "tag",
                }
            },
            {"k/1": box(170, 5, 200, 20)},
            tables.PARKING,
        ),
        transformers=frame(
            "transformer_id",
            {
                "t/1": {
                    "name": "1号变",
                    "compound_ids": "c/1",
                    "spare_kva": 40.0,
                    "upgrade_steps": '[{"kva": 100, "cost_cny": 60000, "lead_time_months": 3}]',
                    "source": "planner",
                },
                "t/2": {
                    "name": None,
                    "compound_ids": "c/2",
                    "spare_kva": None,
                    "upgrade_steps": "[]",
                    "source": "planner",
                },
            },
            {"t/1": Point(95, 55), "t/2": None},
            tables.TRANSFORMERS,
        ),
        dropped=pd.DataFrame({"object_id": ["way/9"], "layer": ["buildings"], "reason": ["ring is not closed"]}),
        overrides=pd.DataFrame(
            {
                "layer": ["compounds"],
                "object_id": ["c/2"],
                "key": ["households"],
                "old": [None],
                "new": ["30"],
                "source": ["planner"],
            }
        ),
        inputs=(
            InputFile("quarter.osm.pbf", "0" * 64, "osm", "made up by siting, no real place" if synthetic else ""),
        ),
        completeness={"building": Completeness.MAPPED},
        notes=("Heights of 2 buildings are estimates.",),
        synthetic=synthetic,
    )


def clause(clause_id: str, **changes: Any) -> Clause:
    values: dict[str, Any] = {
        "clause_id": clause_id,
        "row": "C04",
        "kinds": (Kind.EBIKE_SHED,),
        "metric": Metric.SEPARATION,
        "measure_from": "footprint",
        "to": "building",
        "op": ">=",
        "value": 6.0,
        "unit": "m",
        "force": Force.MUST,
        "jurisdiction": "national",
        "standard": "GB 50016-2014",
        "clause": "5.2.2",
        "source": "https://example.org/gb50016",
        "confidence": Confidence.TEXT_SEEN_N,
        "title_en": "Distance to buildings",
        "title_zh": "与建筑外墙的距离",
    }
    return Clause(**(values | changes))


def rulebook() -> Rulebook:
    return Rulebook(
        profile="national",
        title_en="National standards",
        title_zh="国家标准",
        on=date(2025, 6, 1),
        chain=("national",),
        clauses=(
            clause("n.separation"),
            clause("n.hydrant", to="hydrant", value=1.5, title_en="Hydrants stay free", title_zh="不得占用消火栓"),
            clause(
                "n.group",
                metric=Metric.GROUP_LENGTH,
                op="<=",
                value=20.0,
                force=Force.SHOULD,
                confidence=Confidence.FROM_MEMORY,
                title_en="Length of a group",
                title_zh="每组长度",
            ),
        ),
        findings=("sample finding on a looser local clause",),
    )


def candidates(zones: Zones) -> Candidates:
    common = {
        "compound_id": "c/1",
        "kind": "ebike_shed",
        "bays": 10,
        "groups": 1,
        "ports_per_module": 10,
        "max_modules": 1,
        "ports": 10,
        "power_kw": 2.5,
        "open_cost_cny": 10_000.0,
        "module_cost_cny": 3_500.0,
        "cost_cny": 13_500.0,
    }
    rows = {
        "p/1#a": common | {"place_id": "p/1"},
        "p/2#a": common | {"place_id": "p/2"},
        "p/3#a": common | {"place_id": "p/3", "compound_id": "c/2"},
    }
    shapes = {"p/1#a": box(20, 10, 30, 15), "p/2#a": box(60, 36, 70, 39), "p/3#a": box(140, 10, 150, 15)}
    groups = {f"{key}/g1": {"candidate_id": key, "bays": 10, "length_m": 10.0} for key in rows}
    return Candidates(
        frame=frame("candidate_id", rows, shapes, tables.CANDIDATES),
        groups=frame("group_id", groups, {f"{key}/g1": shape for key, shape in shapes.items()}, tables.GROUPS),
        zones=zones,
        catalogue=load_catalogue(None),
    )


def verdicts(offered: Candidates) -> Verdicts:
    def row(
        candidate: str, clause_id: str, measured: float | None, outcome: str, feature: str | None
    ) -> dict[str, Any]:
        metric, required, force = {
            "n.separation": ("separation", 6.0, "must"),
            "n.hydrant": ("separation", 1.5, "must"),
            "n.group": ("group_length", 20.0, "should"),
        }[clause_id]
        return {
            "candidate_id": candidate,
            "clause_id": clause_id,
            "metric": metric,
            "measured": measured,
            "required": required,
            "unit": "m",
            "tolerance": 0.0,
            "outcome": outcome,
            "force": force,
            "feature_id": feature,
        }

    frame_ = pd.DataFrame(
        [
            row("p/1#a", "n.separation", 25.0, "PASS", "b/1"),
            row("p/1#a", "n.hydrant", None, "NOT EVALUATED", None),
            row("p/1#a", "n.group", 10.0, "PASS", None),
            row("p/2#a", "n.separation", 1.0, "FAIL", "b/2"),
            row("p/2#a", "n.hydrant", 37.3, "PASS", "o/1"),
            row("p/2#a", "n.group", 10.0, "PASS", None),
            row("p/3#a", "n.separation", 25.0, "PASS", "b/3"),
            row("p/3#a", "n.hydrant", None, "NOT EVALUATED", None),
            row("p/3#a", "n.group", 10.0, "PASS", None),
        ]
    ).astype({"measured": float})
    index = offered.frame.index
    return Verdicts(
        frame=frame_,
        outcomes=pd.Series(["NOT EVALUATED", "FAIL", "NOT EVALUATED"], index=index),
        accepted=("p/1#a", "p/3#a"),
        clearance_m=pd.Series([25.0, 1.0, 25.0], index=index),
        admitted=(),
        candidates=offered,
    )


def zones(facts: District, rules: Rulebook) -> Zones:
    shapes = {"z/1": box(4, 34, 46, 56), "z/2": box(54, 34, 96, 56)}
    rows = {
        "z/1": {"clause_id": "n.separation", "feature_id": "b/1", "distance_m": 6.0},
        "z/2": {"clause_id": "n.separation", "feature_id": "b/2", "distance_m": 6.0},
    }
    return Zones(
        frame=frame("zone_id", rows, shapes, tables.ZONES), kinds=(Kind.EBIKE_SHED,), district=facts, rulebook=rules
    )


def links(judged: Verdicts) -> Links:
    demand = Demand(
        frame=pd.DataFrame(
            {
                "compound_id": ["c/1", "c/1", "c/2"],
                "households": [20.0, 10.0, 30.0],
                "vehicles": [20.0, 10.0, 30.0],
                "weight": [1.0, 1.0, 1.0],
                "households_source": ["estimate", "estimate", "planner"],
            },
            index=pd.Index(["b/1", "b/2", "b/3"], name="building_id"),
        ),
        vehicle="ebike",
        assumptions=("One e-bike a household.",),
        assumptions_zh=("每户一辆电动自行车。",),
    )
    return Links(
        frame=pd.DataFrame(
            {
                "building_id": ["b/1", "b/2", "b/3"],
                "candidate_id": ["p/1#a", "p/1#a", "p/3#a"],
                "walk_m": [32.0, 61.5, 30.0],
                "straight_m": [25.0, 40.0, 25.0],
            }
        ),
        unreachable=pd.DataFrame({"object_id": ["b/4"], "layer": ["buildings"], "reason": ["no way in"]}),
        openings=tables.OPENINGS.empty(judged.candidates.frame.crs),
        radius_m=200.0,
        sharing="own",
        demand=demand,
        verdicts=judged,
    )


def sites(judged: Verdicts) -> gpd.GeoDataFrame:
    rows = {
        "p/1#a": {
            "compound_id": "c/1",
            "compound_name": "柳荫小区",
            "place_id": "p/1",
            "kind": "ebike_shed",
            "bays": 10,
            "modules": 1,
            "ports": 10,
            "power_kw": 2.5,
            "cost_cny": 13_500.0,
            "served": 25.0,
            "households_served": 25.0,
            "clearance_m": 25.0,
            "outcome": "NOT EVALUATED",
            "transformer_id": "t/1",
            "year": 1,
            "tier": "implement",
        }
    }
    return frame("site_id", rows, {"p/1#a": box(20, 10, 30, 15)}, tables.SITES)


def plan(reach: Links, *, empty: bool = False) -> Any:
    chosen = sites(reach.verdicts)
    walked = pd.DataFrame(
        {"building_id": ["b/1", "b/2"], "site_id": ["p/1#a"] * 2, "walk_m": [32.0, 61.5], "served": [20.0, 5.0]}
    )
    solution = SimpleNamespace(
        status="PROVEN",
        aim=Aim.SERVICE,
        objective=25.0,
        bound=25.0,
        gap=0.0,
        seconds=0.1,
        solver="HiGHS 1.15.1",
        message="",
    )
    power = SimpleNamespace(assumptions=("A module draws 2.1 kVA.",), assumptions_zh=("每个模块2.1 kVA。",))
    framing = SimpleNamespace(links=reach, power=power, problem="maximise weighted service\nsubject to budget")
    return SimpleNamespace(
        sites=chosen.iloc[:0] if empty else chosen,
        funded=chosen.iloc[:0] if empty else chosen,
        programme=None,
        uncertain=None,
        replanned=None,
        links=walked.iloc[:0] if empty else walked,
        spent_cny=0.0 if empty else 13_500.0,
        upgrades={},
        removals={},
        reasons=(("The budget is spent.", "预算已用完。"),),
        not_together=(),
        framing=framing,
        solution=solution,
    )


def run(*, synthetic: bool = True, empty: bool = False, audited: bool = True) -> Run:
    facts = district(synthetic=synthetic)
    reach = links(verdicts(candidates(zones(facts, rulebook()))))
    return Run(
        plan=plan(reach, empty=empty),
        study={
            "name": "测试",
            "source": {"osm": "quarter.osm.pbf", "halo_m": 500.0},
            "layers": [{"role": "compounds", "path": "a.gpkg"}],
            "limits": {"budget_cny": 20_000.0, "locked_in": []},
        },
        parameters={
            "budget_cny": 20_000.0,
            "radius_m": 200.0,
            "sharing": "own",
            "vehicle": "ebike",
            "kinds": ["ebike_shed"],
            "vehicles_per_port": {"ebike_shed": 2.4},
            "position_error_m": 1.0,
            "admit": [],
        },
        seconds={},
        timestamp=datetime(2025, 6, 1, tzinfo=UTC),
        versions={"siting": "0.1.0"},
        audit={"clean": True, "findings": [], "checks": 12, "notes": [], "verdicts": []} if audited else None,
    )
