"""Facts: open building footprints as GeoParquet, in Overture's schema or another with heights; extra `parquet`."""

import io
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from siting.district.coordinates import parse_datum
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


def open_parquet(spec: LayerSpec, data: bytes, digest: str) -> RawLayer:
    """Return the rows of a GeoParquet file; of Overture's columns names, class, subtype, height and num_floors.

    Raises `LayerError` without pyarrow and for a file that is no GeoParquet.
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
        frame = gpd.read_parquet(io.BytesIO(data))
    except (pa.ArrowException, ValueError, OSError, TypeError, shapely.errors.ShapelyError) as error:
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
    crs = spec.crs or frame.crs
    if crs is None:
        message = f"{name}: does not say its CRS; declare it with crs= (--layer-crs EPSG:...)"
        raise LayerError(message)
    datum = parse_datum(crs if isinstance(crs, str) else _code(crs), name)
    return RawLayer(sha256=digest, cells=cells, shapes=frame.geometry.to_numpy(), datum=datum)


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
