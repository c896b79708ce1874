"""What map.html draws: the run as plain lists, short keys, shapes as `siting.outputs.drawing` encodes them."""

from collections.abc import Iterable, Mapping
from typing import Any

import geopandas as gpd

from siting.kinds import Outcome
from siting.outputs import signed, view
from siting.outputs.drawing import dissolved, encode, origin_of
from siting.outputs.evidence_words import standard_in_chinese
from siting.outputs.run import Run
from siting.outputs.texts import LANGUAGES, Texts
from siting.outputs.values import plain
from siting.outputs.words import Words, format_gap, status_key, status_words_key

__all__ = ["map_data"]

_GREEN = ("green", "pitch", "playground")
_ZONE_TOLERANCE_M = 0.2
_OUTCOME_CODES = {
    outcome.value: number
    for number, outcome in enumerate((Outcome.FAIL, Outcome.UNCERTAIN, Outcome.NOT_EVALUATED, Outcome.PASS))
}
_TEXT_GROUPS = (
    "map",
    "signed",
    "page",
    "status",
    "kind",
    "outcome",
    "force",
    "confidence",
    "use",
    "obstacle",
    "service",
    "state",
    "source",
    "tier",
    "unit",
)


def map_data(run: Run, language: str) -> dict[str, Any]:
    """Return everything map.html needs; `language` is the one it opens with."""
    origin = origin_of(gpd.GeoSeries([run.district.study_area], crs=run.district.crs))
    words = Words.of(run)
    ledger = view.ledger_rows(run)
    clauses = {clause_id: number for number, clause_id in enumerate(view.clause_table(run).index)}
    checks = _checklists(run, ledger, clauses, words)
    return {
        "lang": language,
        "name": run.district.name,
        "synthetic": run.district.synthetic,
        "credit": "; ".join(view.credits(run)),
        "date": run.rulebook.on.isoformat(),
        "origin": list(origin),
        "area": encode(gpd.GeoSeries([run.district.study_area], crs=run.district.crs), origin)[0],
        "texts": {lang: _texts(lang) for lang in LANGUAGES},
        "summary": _summary(run, words),
        "clauses": _clauses(run),
        "compounds": _compounds(run, origin),
        "buildings": _buildings(run, origin),
        **_ground(run, origin),
        "zones": _zones(run, clauses, origin),
        "candidates": _candidates(run, checks, origin),
        "sites": _sites(run, checks, origin),
    }


def _texts(lang: str) -> dict[str, str]:
    texts = Texts.load(lang)
    return {f"{group}.{key}": text for group in _TEXT_GROUPS for key, text in texts.under(group).items()}


def _summary(run: Run, words: Words) -> dict[str, Any]:
    figures = {key: plain(value, 4) for key, value in view.totals(run).items()}
    audit = run.audit
    return figures | {
        "status": status_key(run.plan.solution.status),
        "words": status_words_key(run),
        "gap": format_gap(run.plan.solution.gap),
        "vehicle": run.demand.vehicle,
        "radius_m": plain(run.links.radius_m),
        "profile": {"zh": run.rulebook.title_zh, "en": run.rulebook.title_en},
        "reasons": {lang: words.reasons(lang) for lang in LANGUAGES},
        "findings": None if audit is None else len(audit["findings"]),
        "checks": None if audit is None else plain(audit.get("checks")),
    }


def _clauses(run: Run) -> list[dict[str, Any]]:
    table = view.clause_table(run).reset_index()
    names = ("clause_id", "title_zh", "title_en", "op", "unit", "force", "confidence", "standard", "clause", "source")
    return [
        {name: row[name] for name in names}
        | {"law_zh": standard_in_chinese(f"{row['standard']} {row['clause']}".strip())}
        for row in table.to_dict("records")
    ]


def _checklists(run: Run, ledger: Any, clauses: Mapping[str, int], words: Words) -> Mapping[str, list[list[Any]]]:
    """Return, for each candidate, rows [clause, outcome, measured, required, object]; all clauses only for sites."""
    wanted = ledger[ledger["candidate_id"].isin(run.plan.sites.index) | ledger["outcome"].ne(Outcome.PASS.value)]
    ordered = wanted.sort_values(["candidate_id", "rank", "force_rank", "clause_rank"], kind="stable")
    lists: dict[str, list[list[Any]]] = {}
    for item in ordered.itertuples(index=False):
        feature = words.label(item.feature_id) if isinstance(item.feature_id, str) else None
        lists.setdefault(item.candidate_id, []).append(
            [
                clauses[item.clause_id],
                _OUTCOME_CODES[item.outcome],
                plain(item.measured, 3),
                plain(item.required, 3),
                feature,
            ]
        )
    return lists


def _rows(frame: gpd.GeoDataFrame, origin: tuple[float, float], names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return a row for each shape: its id under "i", the columns in `names` under short keys, known values only."""
    columns = {short: frame[name].tolist() for short, name in names.items()}
    shapes = encode(frame.geometry, origin)
    rows = []
    for number, (key, shape) in enumerate(zip(frame.index, shapes, strict=True)):
        values = {short: plain(column[number], 2) for short, column in columns.items()}
        rows.append(
            {"i": key, "g": shape} | {short: value for short, value in values.items() if value not in (None, "")}
        )
    return rows


def _compounds(run: Run, origin: tuple[float, float]) -> list[dict[str, Any]]:
    figures = view.compound_figures(run)
    frame = gpd.GeoDataFrame(figures, geometry=run.district.compounds.geometry, crs=run.district.crs)
    names = {
        "n": "name",
        "s": "state",
        "h": "households",
        "d": "demand",
        "v": "served",
        "k": "candidates",
        "a": "accepted",
        "m": "sites",
    }
    return _rows(frame, origin, names)


def _buildings(run: Run, origin: tuple[float, float]) -> list[dict[str, Any]]:
    service = view.building_service(run)
    frame = run.district.buildings
    joined = frame.assign(
        vehicles=service["vehicles"].reindex(frame.index),
        served=service["served"].reindex(frame.index),
        state=service["state"].reindex(frame.index),
        counted=service["households"].reindex(frame.index),
    )
    names = {"n": "name", "u": "use", "l": "levels", "h": "counted", "d": "vehicles", "v": "served", "t": "state"}
    rows = _rows(joined, origin, names)
    sites = {site_id: number for number, site_id in enumerate(run.plan.sites.index)}
    traced = view.walks(run)
    drawn = dict(zip(traced.index, encode(traced.geometry, origin), strict=True))
    walks: dict[str, list[list[Any]]] = {}
    links: Any = run.plan.links
    for link in links.itertuples(index=False):
        walks.setdefault(link.building_id, []).append(
            [
                sites[link.site_id],
                plain(link.walk_m, 1),
                plain(link.served, 1),
                drawn.get(f"{link.building_id}>{link.site_id}"),
            ]
        )
    return [row | ({"w": sorted(walks[row["i"]])} if row["i"] in walks else {}) for row in rows]


def _ground(run: Run, origin: tuple[float, float]) -> dict[str, Any]:
    district = run.district
    obstacles = district.obstacles
    areas = obstacles.geometry.geom_type.isin(["Polygon", "MultiPolygon"])
    water_lines = obstacles["kind"].eq("water") & obstacles.geometry.geom_type.isin(["LineString", "MultiLineString"])
    others = ~obstacles["kind"].isin([*_GREEN, "water", "tree"])
    marks = obstacles[others].set_geometry(obstacles[others].geometry.representative_point())
    return {
        "green": _shapes(obstacles[areas & obstacles["kind"].isin(_GREEN)], origin),
        "water": _shapes(obstacles[areas & obstacles["kind"].eq("water")], origin),
        "streams": _shapes(obstacles[water_lines], origin),
        "roads": _rows(district.roads, origin, {"n": "name", "d": "drivable"}),
        "barriers": _shapes(
            district.barriers[~district.barriers.geometry.geom_type.isin(["Polygon", "MultiPolygon"])], origin
        ),
        "gates": _rows(district.gates, origin, {"k": "kind", "a": "access"}),
        "marks": _rows(marks, origin, {"k": "kind", "n": "name"}),
        "parking": _rows(district.parking, origin, {"n": "name", "c": "capacity"}),
        "transformers": _transformers(district.transformers, origin),
    }


def _transformers(frame: gpd.GeoDataFrame, origin: tuple[float, float]) -> list[dict[str, Any]]:
    placed = frame[frame.geometry.notna()]
    points = placed.set_geometry(placed.geometry.representative_point())
    return _rows(points, origin, {"n": "name", "s": "spare_kva"})


def _shapes(frame: gpd.GeoDataFrame, origin: tuple[float, float]) -> list[Any]:
    return [shape for shape in encode(frame.geometry, origin) if shape is not None]


def _zones(run: Run, clauses: Mapping[str, int], origin: tuple[float, float]) -> list[dict[str, Any]]:
    frame = run.zones.frame
    merged: Iterable[tuple[str, gpd.GeoDataFrame]] = frame.groupby("clause_id", sort=True)
    return [
        {
            "c": clauses[clause_id],
            "n": len(group),
            "g": encode(dissolved(group.geometry, _ZONE_TOLERANCE_M), origin)[0],
        }
        for clause_id, group in merged
    ]


def _candidates(run: Run, checks: Mapping[str, list[list[Any]]], origin: tuple[float, float]) -> list[dict[str, Any]]:
    frame = run.candidates.frame
    frame = frame[~frame.index.isin(run.plan.sites.index)]
    counts = run.verdicts.frame["candidate_id"].value_counts()
    judged = frame.assign(
        outcome=run.verdicts.outcomes.reindex(frame.index),
        accepted=frame.index.isin(run.verdicts.accepted),
        clauses=counts.reindex(frame.index).fillna(0).astype(int),
    )
    names = {
        "c": "compound_id",
        "k": "kind",
        "b": "bays",
        "p": "ports",
        "y": "cost_cny",
        "o": "outcome",
        "a": "accepted",
        "q": "clauses",
    }
    moves: Any = view.moves(run)
    held = {key: [plain(row["dx_m"], 2), plain(row["dy_m"], 2), row["reason"]] for key, row in moves.iterrows()}
    rows = [row | {"x": checks.get(row["i"], [])} for row in _rows(judged, origin, names)]
    return [row | ({"v": held[row["i"]]} if row["i"] in held else {}) for row in rows]


def _sites(run: Run, checks: Mapping[str, list[list[Any]]], origin: tuple[float, float]) -> list[dict[str, Any]]:
    names = {
        "c": "compound_id",
        "n": "compound_name",
        "k": "kind",
        "b": "bays",
        "m": "modules",
        "p": "ports",
        "w": "power_kw",
        "y": "cost_cny",
        "v": "served",
        "h": "households_served",
        "e": "clearance_m",
        "o": "outcome",
        "t": "transformer_id",
        **({"j": "cable_m", "u": "cable_straight_m"} if "cable_m" in run.plan.sites else {}),
        "r": "tier",
        "z": "year",
    }
    frame = run.plan.sites
    waivers = signed.waivers_of_sites(run)
    garages = {site_id: list(facts) for site_id, facts in view.garages_of_sites(run).items()}
    walks = run.plan.links.groupby("site_id")["walk_m"].agg(["count", "max"])
    rows = _rows(frame, origin, names)
    return [
        row
        | {
            "x": checks.get(row["i"], []),
            "l": int(walks["count"].get(row["i"], 0)),
            "f": plain(walks["max"].get(row["i"]), 1),
        }
        | ({"a": waivers[row["i"]]} if row["i"] in waivers else {})
        | ({"g2": garages[row["i"]]} if row["i"] in garages else {})
        for row in rows
    ]
