"""Meaning: two written runs side by side: which sites came, went or moved, who gains, who loses, and why.

Sites are matched by what stands on the ground, not by their ids alone: ids are numbered anew when facts or
rules change. Lengths are metres, money CNY.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from siting.geo import metric_crs
from siting.plan.compare_reading import WrittenRun, read_written_run
from siting.plan.compare_words import compare_in_words

__all__ = ["CHANGES", "MOVED_M", "Comparison", "compare_runs"]

#: What can become of a site between two runs.
CHANGES = ("added", "moved", "dropped", "kept")

#: A site of the same kind and compound whose centre lies within this of an old one has moved.
MOVED_M = 30.0

_SAME_M = 0.1  # GeoJSON is a lattice of about 1 cm; outlines this near are one outline
#: What became of a site, its row in A and in B, and how far it moved.
_Fate: TypeAlias = tuple[str, int | None, int | None, float]

_LEAST_VEHICLES = 1e-6  # below this, a difference of served vehicles is round-off
_TOTALS = ("served", "demand", "spent_cny", "budget_cny", "sites")
_SITE_ROW = [
    *("change", "site_a", "site_b", "compound_id", "compound_name", "kind"),
    *("ports_a", "ports_b", "served_a", "served_b", "moved_m"),
]
_SETTINGS = ("budget_cny", "district", "synthetic")


@dataclass(frozen=True, eq=False, kw_only=True)
class Comparison:
    """What differs from run A to run B.

    `sites` has one row a site of either run: change (`CHANGES`), site_a, site_b (unknown where there is none),
    compound_id, compound_name, kind, ports_a, ports_b, served_a, served_b, moved_m (NaN unless moved).
    `compounds` (index compound_id): name, demand_a, served_a, coverage_a, demand_b, served_b, coverage_b, gain
    (vehicles). `buildings` (index building_id): served_a, served_b, gain; only where they differ.
    `totals` holds (a, b) by name, `parameters` (a, b) by path of everything that was asked for differently.
    """

    run_a: str
    run_b: str
    sites: pd.DataFrame
    compounds: pd.DataFrame
    buildings: pd.DataFrame
    totals: Mapping[str, tuple[float | None, float | None]]
    parameters: Mapping[str, tuple[Any, Any]]

    def changed(self, change: str) -> pd.DataFrame:
        """Return the sites that were added, moved, dropped or kept."""
        return self.sites[self.sites["change"] == change]

    @property
    def unchanged(self) -> bool:
        """Whether the same sites with the same ports serve the same buildings for the same money."""
        kept = self.changed("kept")
        same_ports = len(kept) == len(self.sites) and bool((kept["ports_a"] == kept["ports_b"]).all())
        return same_ports and self.buildings.empty and all(a == b for a, b in self.totals.values())

    def gaining(self) -> pd.DataFrame:
        """Return the compounds that are served more in run B, the largest gain first."""
        return self._by_gain(1.0)

    def losing(self) -> pd.DataFrame:
        """Return the compounds that are served less in run B, the largest loss first."""
        return self._by_gain(-1.0)

    def _by_gain(self, sign: float) -> pd.DataFrame:
        rows = self.compounds[sign * self.compounds["gain"] > _LEAST_VEHICLES]
        return rows.sort_values("gain", ascending=sign < 0, kind="stable")

    def as_dict(self) -> dict[str, Any]:
        """Return everything as JSON-able values."""
        return {
            "run_a": self.run_a,
            "run_b": self.run_b,
            "totals": {name: {"a": a, "b": b, "change": _change(a, b)} for name, (a, b) in self.totals.items()},
            "sites": {change: _records(self.changed(change).drop(columns="change")) for change in CHANGES},
            "compounds": _records(self.compounds.reset_index()),
            "buildings": _records(self.buildings.reset_index()),
            "parameters": {name: {"a": a, "b": b} for name, (a, b) in self.parameters.items()},
        }

    def sentences(self, lang: str) -> tuple[str, ...]:
        """Return the comparison as sentences in "en" or "zh"."""
        return compare_in_words(self, lang)


def compare_runs(run_a: Path, run_b: Path) -> Comparison:
    """Compare two run folders. Raises `DataError` if one is no run folder or holds a broken file."""
    a, b = read_written_run(run_a), read_written_run(run_b)
    names = [run_a.resolve().name, run_b.resolve().name]
    if names[0] == names[1]:
        names = [str(run_a), str(run_b)]
    return Comparison(
        run_a=names[0],
        run_b=names[1],
        sites=_match_sites(a.sites, b.sites),
        compounds=_compounds(a, b),
        buildings=_buildings(a, b),
        totals=MappingProxyType({name: (_total(a, name), _total(b, name)) for name in _TOTALS}),
        parameters=MappingProxyType(dict(_differences(a.run, b.run))),
    )


def _total(run: WrittenRun, name: str) -> float | None:
    return float(len(run.sites)) if name == "sites" else run.figure(name)


def _match_sites(a: gpd.GeoDataFrame, b: gpd.GeoDataFrame) -> pd.DataFrame:
    """Pair the sites of both runs, the nearest first; what is left was dropped or added."""
    pairs = _pairs(*_in_metres(a, b))
    rows: list[_Fate] = [
        ("kept" if same else "moved", i, j, np.nan if same else moved_m) for i, j, moved_m, same in pairs
    ]
    matched_a, matched_b = {i for i, *_ in pairs}, {j for _, j, *_ in pairs}
    rows.extend(("dropped", i, None, np.nan) for i in range(len(a)) if i not in matched_a)
    rows.extend(("added", None, j, np.nan) for j in range(len(b)) if j not in matched_b)
    table = pd.DataFrame([_site_row(a, b, row) for row in rows], columns=_SITE_ROW)
    order = table["change"].map({change: rank for rank, change in enumerate(CHANGES)})
    first = table["site_b"].fillna(table["site_a"])
    return (
        table.assign(order=order, first=first)
        .sort_values(["order", "first"])
        .drop(columns=["order", "first"])
        .reset_index(drop=True)
    )


def _site_row(a: gpd.GeoDataFrame, b: gpd.GeoDataFrame, row: _Fate) -> list[Any]:
    change, i, j, moved_m = row
    old, new = None if i is None else a.iloc[i], None if j is None else b.iloc[j]
    known: Any = old if new is None else new
    names = [a.index[i] if i is not None else None, b.index[j] if j is not None else None]
    figures = [np.nan if site is None else float(site[name]) for name in ("ports", "served") for site in (old, new)]
    return [change, *names, *(known[name] for name in ("compound_id", "compound_name", "kind")), *figures, moved_m]


def _in_metres(a: gpd.GeoDataFrame, b: gpd.GeoDataFrame) -> tuple[gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """Return both in the metric CRS of the place."""
    shapes = np.concatenate([a.geometry.to_numpy(), b.geometry.to_numpy()])
    if len(shapes) == 0:
        return a, b
    west, south, east, north = shapely.total_bounds(shapes)
    crs = metric_crs((west + east) / 2, (south + north) / 2)
    return a.to_crs(crs), b.to_crs(crs)


def _pairs(a: gpd.GeoDataFrame, b: gpd.GeoDataFrame) -> list[tuple[int, int, float, bool]]:
    """Return (row of a, row of b, metres between centres, same outline), each row at most once."""
    if a.empty or b.empty:
        return []
    old, new = a.geometry.centroid.to_numpy(), b.geometry.centroid.to_numpy()
    i, j = shapely.STRtree(new).query(old, predicate="dwithin", distance=MOVED_M)
    alike = np.array(
        [a["kind"].iloc[p] == b["kind"].iloc[q] and a["compound_id"].iloc[p] == b["compound_id"].iloc[q]
         for p, q in zip(i, j, strict=True)],
        dtype=bool,
    )  # fmt: skip
    i, j = i[alike], j[alike]
    moved_m = shapely.distance(old[i], new[j])
    same = shapely.hausdorff_distance(a.geometry.to_numpy()[i], b.geometry.to_numpy()[j]) <= _SAME_M
    taken_a: set[int] = set()
    taken_b: set[int] = set()
    pairs = []
    for row in np.lexsort((j, i, moved_m, ~same)):
        p, q = int(i[row]), int(j[row])
        if p not in taken_a and q not in taken_b:
            taken_a.add(p)
            taken_b.add(q)
            pairs.append((p, q, float(moved_m[row]), bool(same[row])))
    return pairs


def _compounds(a: WrittenRun, b: WrittenRun) -> pd.DataFrame:
    both = a.compounds.index.union(b.compounds.index).rename("compound_id")
    columns: dict[str, Any] = {"name": b.compounds["name"].reindex(both).combine_first(a.compounds["name"])}
    for letter, run in (("a", a), ("b", b)):
        demand = run.compounds["demand"].astype(float).reindex(both).fillna(0.0)
        served = run.compounds["served"].astype(float).reindex(both).fillna(0.0)
        columns |= {
            f"demand_{letter}": demand,
            f"served_{letter}": served,
            f"coverage_{letter}": served / demand.where(demand > 0),
        }
    frame = pd.DataFrame(columns, index=both)
    return frame.assign(gain=frame["served_b"] - frame["served_a"])


def _buildings(a: WrittenRun, b: WrittenRun) -> pd.DataFrame:
    both = a.served.index.union(b.served.index).rename("building_id")
    frame = pd.DataFrame(
        {"served_a": a.served.reindex(both).fillna(0.0), "served_b": b.served.reindex(both).fillna(0.0)}, index=both
    )
    frame = frame.assign(gain=frame["served_b"] - frame["served_a"])
    return frame[frame["gain"].abs() > _LEAST_VEHICLES]


def _differences(a: Mapping[str, Any], b: Mapping[str, Any]) -> Iterator[tuple[str, tuple[Any, Any]]]:
    """Yield what was asked for differently: parameters, rules, budget, district, and inputs by their SHA-256."""
    asked_a, asked_b = _asked(a), _asked(b)
    for name in sorted(asked_a.keys() | asked_b.keys()):
        pair = (asked_a.get(name), asked_b.get(name))
        if pair[0] != pair[1]:
            yield name, pair


def _asked(run: Mapping[str, Any]) -> dict[str, Any]:
    asked = {name: run.get(name) for name in _SETTINGS}
    for section in ("parameters", "rules"):
        asked |= _flat(run.get(section), section)
    inputs = run.get("inputs")
    for item in inputs if isinstance(inputs, list) else []:
        if isinstance(item, dict):
            asked[f"inputs.{item.get('name')}"] = item.get("sha256")
    return asked | {"parameters.budget_cny": None}  # said once, above


def _flat(value: Any, path: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        return {path: value}
    return {name: item for key, inner in value.items() for name, item in _flat(inner, f"{path}.{key}").items()}


def _change(a: float | None, b: float | None) -> float | None:
    return None if a is None or b is None else b - a


def _records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): _plain(value) for name, value in row.items()} for row in frame.to_dict("records")]


def _plain(value: Any) -> Any:
    if isinstance(value, str):
        return value
    return None if pd.isna(value) else round(float(value), 6)
