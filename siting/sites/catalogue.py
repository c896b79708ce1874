"""Options: the catalogue, what each kind of facility measures, carries and costs, with the source of every figure.

The figures are data in `catalogue.toml`; a study may replace any of them, and what it replaces is marked as the
planner's. Money is CNY, lengths metres, power kW.
"""

import difflib
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise
from types import MappingProxyType
from typing import Any

import pandas as pd

from siting.errors import StudyError
from siting.kinds import Kind
from siting.rules.measurement import FacilityFacts

__all__ = ["FIRE_CLASSES", "Catalogue", "Figure", "KindFigures", "load_catalogue"]

#: Fire-resistance class of a shed; "unknown" is the default and is judged as an interval by the rules.
FIRE_CLASSES = ("I-II", "III", "IV", "unknown")

_COUNTS = frozenset({"group_size", "ports_per_module", "exits"})
_MAY_BE_ZERO = frozenset(
    {"place_cost_cny", "bay_cost_cny", "roof_cost_cny_per_m2", "module_cost_cny", "cable_cost_cny_per_m"}
    | {"trench_cable_cost_cny_per_m", "cable_length_m", "group_gap_m", "aisle_width_m", "exits"}
)


@dataclass(frozen=True)
class Figure:
    """One figure and where it comes from; `value` is a number, a text or the steps of a table."""

    value: Any
    unit: str
    source: str
    year: int | None
    confidence: str


@dataclass(frozen=True, kw_only=True)
class KindFigures:
    """The figures of one kind, as numbers to compute with; `figures` has the same with their sources."""

    kind: Kind
    bay_length_m: float
    bay_width_m: float
    aisle_width_m: float
    socket_spacing_m: float
    group_length_m: float  # used where the profile has no clause on groups
    group_size: int
    group_gap_m: float
    ports_per_module: int
    port_kw: float
    demand_factor: tuple[tuple[float, float], ...]  # (up to modules, factor), ascending
    vehicles_per_port: float
    place_cost_cny: float
    bay_cost_cny: float
    roof_cost_cny_per_m2: float
    module_cost_cny: float
    cable_cost_cny_per_m: float
    trench_cable_cost_cny_per_m: float
    cable_length_m: float
    exits: int
    fire_class: str
    figures: Mapping[str, Figure]

    def factor_for(self, modules: int) -> float:
        """Return the demand factor of that many modules used at once (1 means all at full power)."""
        return next(factor for up_to, factor in self.demand_factor if modules <= up_to)

    def open_cost_cny(self, bays: int, *, cable_m: float | None = None, trench_m: float = 0.0) -> float:
        """Return what it costs to open a place of that many bays before its first module.

        `trench_m` metres of the cable lie in a trench that is dug anyway; an unknown cable has the usual length.
        """
        own_m = self.cable_length_m if cable_m is None else cable_m - trench_m
        roof_m2 = bays * self.bay_length_m * self.bay_width_m
        return (
            self.place_cost_cny
            + bays * self.bay_cost_cny
            + roof_m2 * self.roof_cost_cny_per_m2
            + own_m * self.cable_cost_cny_per_m
            + trench_m * self.trench_cable_cost_cny_per_m
        )


@dataclass(frozen=True)
class Catalogue:
    """Figures of every kind; `overridden` lists the "kind.key" a study replaced."""

    kinds: Mapping[Kind, KindFigures]
    overridden: tuple[str, ...] = ()

    def kind(self, kind: Kind) -> KindFigures:
        """Return the figures of one kind."""
        return self.kinds[kind]

    def facts(self, kind: Kind) -> FacilityFacts:
        """Return what the clauses need to know of a facility of `kind`."""
        figures = self.kind(kind)
        return FacilityFacts(
            kind=kind,
            fire_class=figures.fire_class,
            socket_spacing_m=figures.socket_spacing_m,
            exits=figures.exits,
            port_kw=figures.port_kw,
        )

    def as_frame(self) -> pd.DataFrame:
        """Return every figure as a table (kind, key, value as text, unit, source, year, confidence), for reports."""
        rows = [
            (kind.value, key, _as_text(figure.value), figure.unit, figure.source, figure.year, figure.confidence)
            for kind, figures in self.kinds.items()
            for key, figure in figures.figures.items()
        ]
        columns = ["kind", "key", "value", "unit", "source", "year", "confidence"]
        return pd.DataFrame(rows, columns=columns).astype({"year": "Int64"})


def load_catalogue(overrides: Mapping[str, Mapping[str, object]] | None = None) -> Catalogue:
    """Return the catalogue with the planner's figures in place of its own.

    `overrides` maps a kind to {key: value}. Raises `StudyError` naming an unknown kind or key (with the nearest
    one) or a value that cannot be meant.
    """
    replaced = overrides or {}
    for kind in replaced:
        _check_known(kind, tuple(each.value for each in Kind), "facility.catalogue")
    kinds = {
        Kind(kind): _kind_figures(Kind(kind), figures, replaced.get(kind, {}))
        for kind, figures in _shipped_figures().items()
    }
    names = tuple(f"{kind}.{key}" for kind in sorted(replaced) for key in sorted(replaced[kind]))
    return Catalogue(MappingProxyType(kinds), names)


@cache
def _shipped_figures() -> Mapping[str, Mapping[str, Figure]]:
    text = resources.files("siting.sites").joinpath("catalogue.toml").read_text(encoding="utf-8")
    return {
        kind: {key: Figure(**figure) for key, figure in figures.items()}
        for kind, figures in tomllib.loads(text).items()
    }


def _kind_figures(kind: Kind, shipped: Mapping[str, Figure], overrides: Mapping[str, object]) -> KindFigures:
    for key in overrides:
        _check_known(key, tuple(shipped), f"facility.catalogue.{kind}")
    figures = {
        key: Figure(overrides[key], figure.unit, "planner", None, "planner") if key in overrides else figure
        for key, figure in shipped.items()
    }
    values = {key: _checked(figure.value, key, f"facility.catalogue.{kind}.{key}") for key, figure in figures.items()}
    result = KindFigures(kind=kind, figures=MappingProxyType(figures), **values)
    # The layout draws one socket a bay, so sockets cannot stand closer together than the bays they serve.
    if kind in (Kind.EBIKE_OPEN, Kind.EBIKE_SHED) and result.socket_spacing_m > result.bay_width_m + 1e-9:
        message = (
            f"facility.catalogue.{kind}.socket_spacing_m = {result.socket_spacing_m:g} is wider than "
            f"bay_width_m = {result.bay_width_m:g}; each bay has one socket, so widen the bay"
        )
        raise StudyError(message)
    return result


def _check_known(word: str, known: tuple[str, ...], where: str) -> None:
    if word not in known:
        close = difflib.get_close_matches(word, known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"choose from {', '.join(known)}"
        message = f"{where}: unknown key {word!r}; {hint}"
        raise StudyError(message)


def _checked(value: object, key: str, where: str) -> Any:
    if key == "fire_class":
        if value not in FIRE_CLASSES:
            message = f"{where} = {value!r} is not one of {', '.join(FIRE_CLASSES)}"
            raise StudyError(message)
        return value
    if key == "demand_factor":
        return _checked_steps(value, where)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        message = f"{where} = {value!r} is not a number"
        raise StudyError(message)
    if value < 0 or (value == 0 and key not in _MAY_BE_ZERO):
        message = f"{where} = {value!r} is not above 0"
        raise StudyError(message)
    if key in _COUNTS:
        if value % 1:
            message = f"{where} = {value!r} is not a whole number"
            raise StudyError(message)
        return int(value)
    return float(value)


def _checked_steps(value: object, where: str) -> tuple[tuple[float, float], ...]:
    repair = "give [[up to modules, factor], ...] ascending, the last with inf, factors above 0 and at most 1"
    try:
        steps = tuple((float(up_to), float(factor)) for up_to, factor in value)  # type: ignore[attr-defined]
    except (TypeError, ValueError) as error:
        message = f"{where} = {value!r} is not a table of steps; {repair}"
        raise StudyError(message) from error
    limits = [up_to for up_to, _ in steps]
    ascending = all(low < high for low, high in pairwise(limits))
    if not steps or not ascending or limits[-1] != math.inf or not all(0 < factor <= 1 for _, factor in steps):
        message = f"{where} = {value!r} cannot be used; {repair}"
        raise StudyError(message)
    return steps


def _as_text(value: object) -> str:
    if isinstance(value, list | tuple):
        return "; ".join(f"≤{'∞' if up_to == math.inf else format(up_to, 'g')}: {factor:g}" for up_to, factor in value)
    return f"{value:g}" if isinstance(value, int | float) else str(value)
