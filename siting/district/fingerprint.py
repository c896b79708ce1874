"""Facts signed: one SHA-256 for each table, so that a fact changed after the run was written is noticed."""

import hashlib
from typing import Any

import pandas as pd
import shapely

from siting.contract import Table

__all__ = ["fingerprint"]


def fingerprint(frame: Any, table: Table) -> str:
    """Return the SHA-256 of a table's index, contract columns and shapes (if it has any), in the order of its index.

    Written to plan.gpkg and read back, a table keeps its fingerprint: whole numbers and floats count alike, and
    a shape of one part is the same alone or as a multipart shape. Other columns do not count.
    """
    ordered = frame.sort_index()
    columns = [[_text(value) for value in ordered[name]] for name in table.columns if name in ordered]
    if table.geometry is not None:
        columns.append([_shape(value) for value in ordered.geometry])
    digest = hashlib.sha256()
    for key, *values in zip(map(str, ordered.index), *columns, strict=True):
        digest.update(repr((key, *values)).encode())
    return digest.hexdigest()


def _text(value: Any) -> str:
    if isinstance(value, str):
        return f"={value}"
    return "" if pd.isna(value) else repr(float(value))


def _shape(value: Any) -> str:
    if value is None or value.is_empty:
        return ""
    parts = shapely.get_parts(value)
    return str(shapely.to_wkb(parts[0] if len(parts) == 1 else value, hex=True, output_dimension=2, byte_order=1))
