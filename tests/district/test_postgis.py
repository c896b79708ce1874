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
