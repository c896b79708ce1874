"""A layer in PostGIS, read from a real server in a folder of its own; skipped where there is none."""

import os
import shutil
import subprocess
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from builders import CRS_M, building, compound, district

from siting.district.layer_spec import LayerSpec
from siting.district.layers import apply_layers
from siting.district.postgis import _meets
from siting.errors import LayerError

ORIGIN = (500000.0, 3874600.0)


def drawn():
    return district(
        compound((0, 0, 100, 100), id="way/1", name="甲院"), building((10, 40, 40, 50), id="way/11"), origin=ORIGIN
    )


def binaries():
    """Return the folder of a PostgreSQL server that has PostGIS, or None."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    extensions = list(Path("/usr/share/postgresql").glob("*/extension/postgis.control"))
    return found[-1].parent if found and extensions else None


@pytest.fixture(scope="module")
def url(tmp_path_factory):
    """Yield the address of an empty database with PostGIS, reached by a socket in the server's own folder."""
    for package in ("sqlalchemy", "geoalchemy2", "psycopg"):
        pytest.importorskip(package, reason=f"{package} is in the extra `postgis`")
    folder = binaries()
    if folder is None:
        pytest.skip("no PostgreSQL server with PostGIS is installed")
    home = tmp_path_factory.mktemp("postgres")
    options = {"check": True, "capture_output": True, "cwd": "/"}
    if os.geteuid() == 0:  # the server refuses to run as root
        try:
            shutil.chown(home, "postgres")
        except LookupError:
            pytest.skip("running as root, and there is no user postgres")
        for parent in home.parents:
            if not parent.stat().st_mode & 0o001:
                parent.chmod(parent.stat().st_mode | 0o011)
        options["user"] = "postgres"
    subprocess.run([folder / "initdb", "-D", home / "data", "-U", "planner", "-A", "trust", "--no-sync"], **options)
    serve = f"-k {home} -c listen_addresses= -c fsync=off"
    subprocess.run([folder / "pg_ctl", "-D", home / "data", "-o", serve, "-l", home / "log", "-w", "start"], **options)
    try:
        command = [folder / "psql", "-h", home, "-U", "planner", "-d", "postgres", "-c", "CREATE EXTENSION postgis"]
        subprocess.run(command, **options)
        yield f"postgresql://planner@/postgres?host={home}"
    finally:
        subprocess.run([folder / "pg_ctl", "-D", home / "data", "-m", "immediate", "stop"], **options)


def write(url, table, frame):
    import sqlalchemy

    engine = sqlalchemy.create_engine(url.replace("postgresql:", "postgresql+psycopg:"))
    if isinstance(frame, gpd.GeoDataFrame):
        frame.to_postgis(table, engine, if_exists="replace")
    else:
        frame.to_sql(table, engine, if_exists="replace", index=False)
    engine.dispose()


@pytest.mark.slow
def test_a_table_with_geometry_is_a_layer(url):
    shape = shapely.box(ORIGIN[0], ORIGIN[1], ORIGIN[0] + 90, ORIGIN[1] + 90)
    rows = gpd.GeoDataFrame({"小区编号": ["C1"], "户数": [77]}, geometry=[shape], crs=CRS_M)
    write(url, '小区 "2025"', rows.rename_geometry("geom"))
    result = apply_layers(drawn(), [LayerSpec(role="compounds", url=url, layer_name='public.小区 "2025"')])

    assert result.compounds.index.tolist() == ["C1"]
    assert result.compounds["households"].tolist() == [77.0]
    assert result.compounds.area.tolist() == [8100.0]
    assert result.inputs[-1].name == 'postgresql:public.小区 "2025"'
    assert len(result.inputs[-1].sha256) == 64


def rows_at(*places, crs=CRS_M, **columns):
    """Return hydrants at (x, y), metres from the district's corner."""
    points = gpd.GeoSeries([shapely.Point(ORIGIN[0] + x, ORIGIN[1] + y) for x, y in places], crs=CRS_M)
    frame = gpd.GeoDataFrame({"id": [f"H{at}" for at in range(len(places))]} | columns, geometry=points.to_crs(crs))
    return frame.rename_geometry("geom")


@pytest.mark.slow
@pytest.mark.parametrize("crs", [CRS_M, "EPSG:4490"])
def test_of_a_citys_table_only_what_lies_around_the_district_is_asked_for(url, crs):
    write(url, "hydrants", rows_at((10, 10), (1500, 0), (20_000, 0), (0, 900_000), crs=crs))
    result = apply_layers(drawn(), [LayerSpec(role="hydrants", url=url)])

    assert result.obstacles.index.tolist() == ["H0", "H1"]
    assert "2 of 4 rows lie beyond the district and 2 km around it; they were not read" in " ".join(result.notes)


@pytest.mark.slow
def test_rows_without_a_place_are_read_and_a_table_elsewhere_is_refused(url):
    stations = rows_at((10, 10), (50_000, 0), name=["甲", "乙"], spare_kva=[80.0, 90.0])
    lost = {"id": ["T"], "name": ["丙"], "spare_kva": [70.0]}
    unplaced = gpd.GeoDataFrame(lost, geometry=[None], crs=CRS_M).rename_geometry("geom")
    stations = pd.concat([stations, unplaced])
    write(url, "transformers", stations)
    assert apply_layers(drawn(), [LayerSpec(role="transformers", url=url)]).transformers.index.tolist() == ["H0", "T"]

    write(url, "hydrants", rows_at((20_000, 0)))
    with pytest.raises(LayerError, match="does not overlap the district"):
        apply_layers(drawn(), [LayerSpec(role="hydrants", url=url)])


def test_the_index_of_the_server_is_asked_before_each_shape():
    pytest.importorskip("sqlalchemy", reason="sqlalchemy is in the extra `postgis`")
    condition = str(_meets("geom", (1.0, 2.0, 3.0, 4.0, 4490)))
    assert condition.startswith("geom IS NULL OR (geom && ST_MakeEnvelope(")
    assert "ST_Intersects(geom, ST_MakeEnvelope(" in condition


@pytest.mark.slow
def test_a_table_without_geometry_joins_by_name(url):
    write(url, "compounds", pd.DataFrame({"name": ["甲院"], "ebikes": [12.0]}))

    assert apply_layers(drawn(), [LayerSpec(role="compounds", url=url)]).compounds["ebikes"].tolist() == [12.0]


@pytest.mark.slow
def test_what_the_server_refuses_is_one_line(url):
    with pytest.raises(LayerError, match=r"^postgresql:nothing: cannot be read \([^\n]*does not exist[^\n]*$"):
        apply_layers(drawn(), [LayerSpec(role="compounds", url=url, layer_name="nothing")])
    with pytest.raises(LayerError, match=r"^postgresql:x; drop table compounds: cannot be read"):
        apply_layers(drawn(), [LayerSpec(role="compounds", url=url, layer_name="x; drop table compounds")])
    with pytest.raises(LayerError, match="cannot be read"):
        apply_layers(drawn(), [LayerSpec(role="compounds", url="postgresql://planner@/none?host=/nowhere")])


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://me:secret@host/db", "holds a password"),
        ("mysql://me@host/db", "other than postgresql:// are not read"),
        ("nonsense", "the url is none"),
    ],
)
def test_an_address_that_is_none_is_refused_without_showing_a_password(url, words):
    pytest.importorskip("sqlalchemy", reason="sqlalchemy is in the extra `postgis`")
    with pytest.raises(LayerError, match=words) as caught:
        apply_layers(drawn(), [LayerSpec(role="compounds", url=url)])
    assert "secret" not in str(caught.value)
