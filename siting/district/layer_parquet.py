"""Facts: open building footprints as GeoParquet, in Overture's schema or another with heights; extra `parquet`."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from siting.district.coordinates import Datum, parse_datum
from siting.district.guard import sha256_of
from siting.district.layer_near import Near, left_out
from siting.district.layer_spec import LayerSpec, RawLayer, one_line
from siting.errors import LayerError

__all__ = ["open_parquet"]

#: Uses by the class, then by the subtype of Overture's buildings schema; what is not listed stays unknown.
_USES = {
    "apartments": "residential",
    "dormitory": "residential",
    "residential": "residential",
    "house": "residential",
    "kindergarten": "kindergarten",
    "school": "school",
    "education": "school",
    "hospital": "hospital",
    "medical": "hospital",
    "garage": "garage",
    "garages": "garage",
    "parking": "garage",
    "shed": "shed",
    "commercial": "commercial",
    "retail": "commercial",
    "office": "commercial",
    "industrial": "industrial",
    "civic": "public",
    "public": "public",
    "service": "service",
}
_NESTED = ("bbox", "sources", "names", "version", "theme", "type", "is_underground", "subtype", "class")


def open_parquet(spec: LayerSpec, path: Path, near: Near | None = None) -> RawLayer:
    """Return the rows of a GeoParquet file; of Overture's columns names, class, subtype, height and num_floors.

    Where the file holds boxes of its rows (as Overture's do), only row groups and rows that meet the box `near` the
    district are read; a file that has none there is read whole, so that the usual refusal can say why. Raises
    `LayerError` without pyarrow and for a file that is no GeoParquet.
    """
    name = spec.name
    try:
        import pyarrow as pa
    except ImportError as error:
        message = (
            f"{name}: GeoParquet needs the extra parquet (pip install 'siting[parquet]'), or save it as GeoPackage"
        )
        raise LayerError(message) from error
    try:
        frame, held, crs = _rows(path, spec, near)
    except (
        pa.ArrowException,
        ValueError,
        OSError,
        TypeError,
        AttributeError,
        CRSError,
        shapely.errors.ShapelyError,
    ) as error:
        message = f"{name}: is not GeoParquet that can be read ({one_line(error)}); export it again"
        raise LayerError(message) from error
    underground = frame["is_underground"].fillna(value=False).astype(bool) if "is_underground" in frame else None
    if underground is not None:
        frame = frame[~underground]
    cells = pd.DataFrame(frame.drop(columns=[frame.geometry.name, *(word for word in _NESTED if word in frame)]))
    cells = cells.astype(object).reset_index(drop=True)
    if "names" in frame:
        cells["name"] = [_primary(value) for value in frame["names"]]
    if "class" in frame or "subtype" in frame:
        cells["use"] = _uses(frame)
    if crs is None:
        message = f"{name}: does not say its CRS; declare it with crs= (--layer-crs EPSG:...)"
        raise LayerError(message)
    return RawLayer(
        sha256=sha256_of(path),
        cells=cells,
        shapes=frame.geometry.to_numpy(),
        datum=crs,
        notes=left_out(name, len(frame) + (0 if underground is None else int(underground.sum())), held),
    )


def _rows(path: Path, spec: LayerSpec, near: Near | None) -> tuple[gpd.GeoDataFrame, int, Datum | None]:
    """Return the rows around the district, how many the file holds, and the datum they are in."""
    import pyarrow.parquet as pq

    file = pq.read_metadata(path)
    geo = json.loads((file.metadata or {}).get(b"geo", b"{}"))
    column = geo.get("columns", {}).get(geo.get("primary_column"), {})
    stated = CRS.from_user_input(column["crs"]) if column.get("crs") else None
    if "crs" not in column:
        stated = CRS.from_user_input("OGC:CRS84")  # GeoParquet's own default; null is unknown
    crs = spec.crs or (None if stated is None else _code(stated))
    datum = None if crs is None else parse_datum(crs, spec.name)
    box = None if datum is None or near is None or "covering" not in column else near.bounds(datum.crs)
    frame = gpd.read_parquet(path) if box is None else gpd.read_parquet(path, bbox=box)
    return (frame if len(frame) else gpd.read_parquet(path)), file.num_rows, datum


def _primary(value: Any) -> str | None:
    """Return the name that Overture calls primary."""
    return value.get("primary") if isinstance(value, dict) else None


def _uses(frame: gpd.GeoDataFrame) -> list[str | None]:
    blank = [None] * len(frame)
    pairs = zip(frame.get("class", blank), frame.get("subtype", blank), strict=True)
    return [_USES.get(str(kind), _USES.get(str(subtype))) for kind, subtype in pairs]


def _code(crs: Any) -> str:
    """Return a CRS as text; OGC:CRS84, which GeoParquet writes, is WGS 84."""
    text = str(crs.to_string())
    return "wgs84" if text.upper() == "OGC:CRS84" else text
