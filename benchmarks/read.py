"""Reading an OSM extract into geometry: ours, GDAL through pyogrio, osmnx; the result is the number of buildings.

    python -m benchmarks read [--json] [EXTRACT.osm.pbf]

Every contestant reads the same objects: buildings, land use, barriers, amenities, emergency, power, places and ways,
as geometry. osmnx reads XML only: the extract is converted once, before the clock starts, and a building that is only
a point is not counted for anybody.
"""

import tempfile
import time
import warnings
from pathlib import Path
from typing import Any

from benchmarks.harness import compare, contest

KEYS = ("amenity", "barrier", "building", "emergency", "highway", "landuse", "leisure", "natural", "place", "power")
HERE = "benchmarks.read"


def run(arguments: list[str]) -> dict[str, Any]:
    path = Path(arguments[0]) if arguments else _embedded()
    with tempfile.TemporaryDirectory(prefix="siting-bench-") as folder:
        xml = Path(folder) / "extract.osm"
        _to_xml(path, xml)
        contestants = {
            "siting": contest(HERE, "with_siting", [str(path)]),
            "GDAL (pyogrio)": contest(HERE, "with_gdal", [str(path)]),
            "osmnx": contest(HERE, "with_osmnx", [str(xml)]),
        }
    return compare(
        "read",
        f"{path.name}: objects with {', '.join(KEYS)} as geometry",
        contestants,
        agree=lambda results: len(set(results)) == 1,
    )


def _embedded() -> Path:
    return Path(__file__).parents[1] / "datasets" / "quarter.osm.pbf"


def _to_xml(source: Path, target: Path) -> None:
    import osmium

    with osmium.SimpleWriter(str(target)) as writer:
        for item in osmium.FileProcessor(str(source)):
            writer.add(item)


def with_siting(path: str) -> tuple[int, float]:
    start = time.perf_counter()
    from siting.district.osm import read_osm

    imported = time.perf_counter() - start
    facts = read_osm(Path(path))
    return sum(tags.get("building", "no") != "no" for tags in facts.areas["tags"]), imported


def with_gdal(path: str) -> tuple[int, float]:
    start = time.perf_counter()
    import pyogrio

    imported = time.perf_counter() - start
    warnings.simplefilter("ignore")  # GDAL warns of every ring it cannot close
    buildings = 0
    for layer in ("points", "lines", "multilinestrings", "multipolygons"):
        frame = pyogrio.read_dataframe(path, layer=layer, on_invalid="ignore")
        if layer == "multipolygons":
            known = frame.geometry.notna() & frame["building"].notna() & (frame["building"] != "no")
            buildings = int(known.sum())
    return buildings, imported


def with_osmnx(path: str) -> tuple[int, float]:
    start = time.perf_counter()
    import osmnx

    imported = time.perf_counter() - start
    frame = osmnx.features_from_xml(path, tags=dict.fromkeys(KEYS, True))
    areas = frame[frame.geom_type.isin(["Polygon", "MultiPolygon"])]
    return int((areas["building"].notna() & (areas["building"] != "no")).sum()), imported
