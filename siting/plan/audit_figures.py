"""The figures of each kind of facility for the audit, read from the catalogue's data file and the study.

`siting/sites/catalogue.toml` is data, like the clauses: the audit reads the same figures, not the code around them.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from typing import Any

from siting.kinds import Kind
from siting.plan.audit_record import number

__all__ = ["KindFigures", "figures_of"]


_COSTS = ("place_cost_cny", "bay_cost_cny", "bay_length_m", "bay_width_m", "roof_cost_cny_per_m2",
          "cable_cost_cny_per_m", "trench_cable_cost_cny_per_m", "cable_length_m")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class KindFigures:
    """What law, power and service ask of one kind of facility; NaN and "unknown" are never taken as good."""

    fire_class: str = "unknown"
    socket_spacing_m: float = float("nan")
    exits: float = float("nan")
    port_kw: float = float("nan")
    vehicles_per_port: float = float("nan")
    place_cost_cny: float = float("nan")
    bay_cost_cny: float = float("nan")
    bay_length_m: float = float("nan")
    bay_width_m: float = float("nan")
    roof_cost_cny_per_m2: float = float("nan")
    cable_cost_cny_per_m: float = float("nan")
    trench_cable_cost_cny_per_m: float = float("nan")
    cable_length_m: float = float("nan")
    demand_factor: tuple[tuple[float, float], ...] = ()  # (up to modules, factor), ascending


def figures_of(overrides: Mapping[str, Any]) -> dict[Kind, KindFigures]:
    """Return the figures of every kind; `overrides` ({kind: {key: value}}) come from the study."""
    text = resources.files("siting.sites").joinpath("catalogue.toml").read_text(encoding="utf-8")
    return {
        Kind(kind): _figures({key: figure["value"] for key, figure in rows.items()} | dict(overrides.get(kind, {})))
        for kind, rows in tomllib.loads(text).items()
    }


def _figures(values: Mapping[str, Any]) -> KindFigures:
    steps = tuple((float(up_to), float(factor)) for up_to, factor in values["demand_factor"])
    names = ("socket_spacing_m", "exits", "port_kw", "vehicles_per_port", *_COSTS)
    known = {name: figure for name in names if (figure := number(values[name])) is not None}
    return KindFigures(fire_class=str(values["fire_class"]), demand_factor=steps, **known)
