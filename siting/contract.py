"""What a contract of a table is: columns with types, an index, geometry; every breach is listed at once."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pandera.pandas as pa

from siting.errors import TableError

__all__ = ["Table", "column"]


def column(
    kind: str,
    *,
    nullable: bool = False,
    choices: Iterable[str] = (),
    at_least: float | None = None,
    required: bool = True,
) -> pa.Column:
    """Return the contract of one column: `kind` is text, float, int or bool; `choices` closes a text column.

    A column that is not required may be left out; everything in it is then unknown.
    """
    checks = [pa.Check(_KINDS[kind], error=f"not {kind}", ignore_na=True)]
    if at_least is not None:
        checks.append(pa.Check(lambda values: values.astype(float) >= at_least, error=f"below {at_least:g}"))
    closed = frozenset(choices)
    if closed:
        checks.append(pa.Check(lambda values: values.isin(closed), error=f"not one of {', '.join(sorted(closed))}"))
    metadata = {"kind": kind, "choices": tuple(sorted(closed))}
    return pa.Column(None, checks, nullable=nullable, required=required, metadata=metadata)


def _are_numbers(values: "pd.Series[Any]") -> Any:
    return np.isfinite(pd.to_numeric(values, errors="coerce").astype(float))


_KINDS: dict[str, Callable[["pd.Series[Any]"], Any]] = {
    "text": lambda values: values.map(lambda value: isinstance(value, str)).astype(bool),
    "bool": lambda values: values.map(lambda value: isinstance(value, (bool, np.bool_))).astype(bool),
    "float": _are_numbers,
    "int": lambda values: _are_numbers(values) & (pd.to_numeric(values, errors="coerce").astype(float) % 1 == 0),
}
_DTYPES: dict[str, Any] = {"text": object, "float": float, "int": "int64", "bool": bool}


@dataclass(frozen=True)
class Table:
    """The contract of one table; `index` names the text index (None: rows are numbered)."""

    name: str
    index: str | None
    columns: Mapping[str, pa.Column]
    geometry: frozenset[str] | None = None
    geometry_nullable: bool = False
    unique: tuple[str, ...] = ()

    def check(self, frame: Any) -> Any:
        """Return `frame` unchanged if it keeps the contract; raise `TableError` listing every breach.

        Geometry tables need a projected CRS in metres and valid geometry.
        """
        breaches = self._index_breaches(frame) + self._geometry_breaches(frame) + self._column_breaches(frame)
        if breaches:
            message = f"table {self.name}: " + "; ".join(breaches)
            raise TableError(message)
        return frame

    def empty(self, crs: Any = None) -> Any:
        """Return a table without rows that keeps the contract."""
        data = {
            name: pd.Series(dtype=_DTYPES[(column.metadata or {})["kind"]]) for name, column in self.columns.items()
        }
        index = pd.Index([], name=self.index, dtype=object) if self.index else None
        if self.geometry is None:
            return pd.DataFrame(data, index=index)
        return gpd.GeoDataFrame(data, geometry=gpd.GeoSeries([], crs=crs), index=index, crs=crs)

    def _column_breaches(self, frame: Any) -> list[str]:
        schema = pa.DataFrameSchema(dict(self.columns), unique=list(self.unique) or None)
        try:
            schema.validate(pd.DataFrame(frame[[name for name in frame.columns if name in self.columns]]), lazy=True)
        except pa.errors.SchemaErrors as error:
            cases = error.failure_cases
            return [
                f"{len(rows)} x {column or 'rows'} {check}"
                + (f" (first: {rows.iloc[0]['index']} = {rows.iloc[0]['failure_case']!r})")
                for (column, check), rows in cases.groupby(["column", "check"], sort=True, dropna=False)
            ]
        return []

    def _index_breaches(self, frame: Any) -> list[str]:
        if self.index is None:
            return []
        breaches = []
        if frame.index.name != self.index:
            breaches.append(f"index is called {frame.index.name!r}, not {self.index!r}")
        if not frame.index.is_unique:
            breaches.append(f"index repeats {frame.index[frame.index.duplicated()][0]!r}")
        if not all(isinstance(value, str) for value in frame.index):
            breaches.append("index is not text")
        return breaches

    def _geometry_breaches(self, frame: Any) -> list[str]:
        if self.geometry is None:
            return []
        if not isinstance(frame, gpd.GeoDataFrame) or frame.crs is None:
            return ["is not a GeoDataFrame with a CRS"]
        breaches = []
        if not frame.crs.is_projected or frame.crs.axis_info[0].unit_name not in ("metre", "meter"):
            breaches.append(f"CRS {frame.crs.to_string()} is not projected in metres")
        shapes = frame.geometry
        missing = (shapes.isna() | shapes.is_empty).to_numpy()
        if missing.any() and not self.geometry_nullable:
            breaches.append(f"{int(missing.sum())} rows without geometry (first: {frame.index[missing][0]})")
        present = shapes[~missing]
        other = sorted(set(present.geom_type) - self.geometry)
        if other:
            breaches.append(f"geometry {other[0]} is not one of {', '.join(sorted(self.geometry))}")
        invalid = ~present.is_valid
        if invalid.any():
            breaches.append(f"{int(invalid.sum())} invalid geometries (first: {present.index[invalid.to_numpy()][0]})")
        return breaches
