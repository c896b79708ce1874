"""Facts: a planner's layer in PostGIS. The only module that talks to a database; extra `postgis`.

Names of tables and columns are quoted, values are parameters, the session is read-only. A password has no place in a
study file, which is copied into every run folder: it belongs in the environment (PGPASSWORD) or in ~/.pgpass.
"""

import hashlib
from dataclasses import replace
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely
from pyproj import CRS
from pyproj.exceptions import CRSError

from siting.district.coordinates import parse_datum
from siting.district.layer_near import Near, left_out
from siting.district.layer_spec import LayerSpec, RawLayer, one_line
from siting.errors import LayerError

__all__ = ["open_table"]

_GEOMETRY = (
    "SELECT f_geometry_column, srid FROM geometry_columns "
    "WHERE f_table_schema = :schema AND f_table_name = :name ORDER BY f_geometry_column"
)
_SECONDS = 10
_SOME_ROWS = 1000  # of a table that lies elsewhere


def open_table(spec: LayerSpec, near: Near | None = None) -> RawLayer:
    """Return the rows of the table `spec.layer_name` (`table` or `schema.table`; the role's name without one).

    The server is asked for what lies in the box `near` the district (an index on the geometry serves it), and for rows
    without geometry; a table that has none there gives its first rows, so that the usual refusal can say why. The
    digest is that of the rows' text and geometry, in whatever order the table gives them. Raises `LayerError`.
    """
    name = spec.name
    try:
        import geoalchemy2  # noqa: F401  (geopandas reads through it)
        import sqlalchemy
    except ImportError as error:
        message = f"{name}: databases need the extra postgis (pip install 'siting[postgis]')"
        raise LayerError(message) from error
    engine = sqlalchemy.create_engine(_address(spec, sqlalchemy), connect_args={"connect_timeout": _SECONDS})
    schema, _, table = (spec.layer_name or spec.role).rpartition(".")
    try:
        with engine.connect() as session:
            session.execute(sqlalchemy.text("SET TRANSACTION READ ONLY"))
            found = session.execute(sqlalchemy.text(_GEOMETRY), {"schema": schema or "public", "name": table}).all()
            columns = sqlalchemy.table(table, schema=schema or "public")
            query = sqlalchemy.select(sqlalchemy.text("*")).select_from(columns)
            held = session.execute(sqlalchemy.select(sqlalchemy.func.count()).select_from(columns)).scalar_one()
            if found:
                box = _box(spec, near, int(found[0][1]))
                asked = query if box is None else query.where(_meets(str(found[0][0]), box))
                frame: Any = gpd.read_postgis(asked, session, geom_col=found[0][0])
                if not len(frame):
                    frame = gpd.read_postgis(query.limit(_SOME_ROWS), session, geom_col=found[0][0])
                    held = len(frame)
            else:
                frame = pd.read_sql(query, session)
    except pd.errors.DatabaseError as error:
        raise _unread(name, error.__cause__ or error) from error
    except (sqlalchemy.exc.SQLAlchemyError, shapely.errors.ShapelyError, ValueError) as error:
        raise _unread(name, error) from error
    finally:
        engine.dispose()
    return replace(_raw(spec, frame), notes=left_out(name, len(frame), int(held)))


def _box(spec: LayerSpec, near: Near | None, srid: int) -> tuple[float, float, float, float, int] | None:
    """Return the box to ask for and its SRID; None where the CRS of the table is not known."""
    if near is None:
        return None
    if srid > 0:
        try:
            stated = CRS.from_epsg(srid)
        except CRSError:  # a table of a CRS of its own
            return None
    elif spec.crs:
        stated = parse_datum(spec.crs, spec.name).crs
    else:
        return None
    bounds = near.bounds(stated)
    return None if bounds is None else (*bounds, max(srid, 0))


def _meets(column: str, box: tuple[float, float, float, float, int]) -> Any:
    """Return the condition on rows: their geometry meets the box (by index, then exactly), or they have none."""
    import sqlalchemy

    geometry: Any = sqlalchemy.column(column)
    envelope = sqlalchemy.func.ST_MakeEnvelope(*box)
    return geometry.is_(None) | (geometry.op("&&")(envelope) & sqlalchemy.func.ST_Intersects(geometry, envelope))


def _unread(name: str, error: BaseException) -> LayerError:
    """Return what the server said, without the statement."""
    said = str(getattr(error, "orig", error)).split("LINE ")[0]
    return LayerError(f"{name}: cannot be read ({one_line(said)}); check address, table and rights")


def _address(spec: LayerSpec, sqlalchemy: Any) -> Any:
    """Return the address with the driver psycopg; refuse one that holds a password."""
    try:
        url = sqlalchemy.engine.make_url(spec.url)
    except (sqlalchemy.exc.ArgumentError, ValueError) as error:
        message = f"{spec.name}: the url is none; write postgresql://user@host:port/database"
        raise LayerError(message) from error
    if url.get_backend_name() != "postgresql":
        message = f"{spec.name}: databases other than postgresql:// are not read"
        raise LayerError(message)
    if url.password is not None:
        message = f"{spec.name}: the url holds a password, which runs would copy; put it into PGPASSWORD or ~/.pgpass"
        raise LayerError(message)
    return url.set(drivername="postgresql+psycopg")


def _raw(spec: LayerSpec, frame: Any) -> RawLayer:
    if not isinstance(frame, gpd.GeoDataFrame):
        cells = pd.DataFrame(frame).astype(object)
        return RawLayer(sha256=_digest(cells, None), cells=cells)
    cells = pd.DataFrame(frame.drop(columns=frame.geometry.name)).astype(object)
    shapes = frame.geometry.to_numpy()
    declared = parse_datum(spec.crs, spec.name) if spec.crs else None
    if frame.crs is None and declared is None:
        message = f"{spec.name}: has no SRID; declare it with crs= (--layer-crs EPSG:...)"
        raise LayerError(message)
    stated = None if frame.crs is None else parse_datum(frame.crs.to_string(), spec.name)
    datum = declared if stated is None or (declared is not None and declared.shift) else stated
    return RawLayer(sha256=_digest(cells, shapes), cells=cells, shapes=shapes, datum=datum)


def _digest(cells: pd.DataFrame, shapes: Any) -> str:
    rows = [repr(row).encode() for row in cells.itertuples(index=False, name=None)]
    if shapes is not None:
        rows = [row + (wkb or b"") for row, wkb in zip(rows, shapely.to_wkb(shapes), strict=True)]
    digest = hashlib.sha256(repr(list(cells.columns)).encode())
    for row in sorted(rows):
        digest.update(row)
    return digest.hexdigest()
