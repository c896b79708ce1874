"""Facts: which layer of the planner's to read, and what its rows are before anybody judged them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from siting.district.coordinates import Datum

__all__ = ["DxfAnchor", "DxfMapping", "LayerSpec", "RawLayer", "one_line"]


@dataclass(frozen=True, kw_only=True)
class DxfAnchor:
    """Where a drawing in its own coordinates lies: drawing point (x, y) is the place (lon, lat) of the layer's datum.

    `rotation_deg` turns the drawing anticlockwise about that point, until its y axis points north.
    """

    x: float
    y: float
    lon: float
    lat: float
    rotation_deg: float = 0.0


@dataclass(frozen=True, kw_only=True)
class DxfMapping:
    """What of a drawing is the layer: DXF layers by name (`*` stands for anything; none: all of them).

    Text on `text_layers` names the outline it stands in. Outlines open by at most `close_m` are closed.
    `unit_m` is the length of one drawing unit; what the file says of its units is not believed, for it is often wrong.
    """

    layers: tuple[str, ...] = ()
    text_layers: tuple[str, ...] = ()
    close_m: float = 0.5
    unit_m: float = 1.0
    anchor: DxfAnchor | None = None


@dataclass(frozen=True, kw_only=True)
class LayerSpec:
    """One layer of the planner's: its role, its file or database, and the CRS if that does not say it.

    `layer_name` is a layer of a GeoPackage or FileGDB, a sheet of a workbook, or a table (`schema.table`).
    """

    role: str
    path: Path | None = None
    url: str | None = None
    crs: str | None = None
    layer_name: str | None = None
    dxf: DxfMapping | None = None

    @property
    def name(self) -> str:
        """What messages call the layer: the file's name, or the table's."""
        if self.path is not None:
            return self.path.name
        return f"postgresql:{self.layer_name or self.role}"


@dataclass(frozen=True, eq=False, kw_only=True)
class RawLayer:
    """The rows of one file as they are: `cells` is text or numbers by column name, `shapes` None without geometry."""

    sha256: str
    cells: pd.DataFrame
    shapes: Any = None
    datum: Datum | None = None
    notes: tuple[str, ...] = ()


def one_line(error: object) -> str:
    """Return what a foreign library says, on one line that is not too long."""
    return " ".join(str(error).split())[:160]
