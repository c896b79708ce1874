"""Facts, made up: the embedded districts, a quarter to try the software on and a tiny one to check it by hand.

Nothing here exists: names, streets and figures are invented after the published counts of the renewal
programme of Yanhu, Yuncheng (2021-2025). Every object carries `siting:synthetic=yes`.
"""

import csv
import json
import random
from collections.abc import Iterable, Sequence
from importlib.resources import files
from pathlib import Path

from shapely.geometry import LineString, Point, Polygon, box

from siting.district.synthetic_osm import lonlat_of, object_ids, write_osm
from siting.district.synthetic_places import Quarter, draw_quarter
from siting.district.synthetic_plan import ORIGIN_LON_LAT, Thing, made_up
from siting.errors import DataError

__all__ = [
    "QUARTER_SEED",
    "TINY_ORIGIN_LON_LAT",
    "dataset_path",
    "quarter_path",
    "write_quarter",
    "write_quarter_layers",
    "write_tiny",
]

QUARTER_SEED = 20241121
#: (0, 0) of the tiny district: on the central meridian of its zone, so its metres are the metres of EPSG:4546.
TINY_ORIGIN_LON_LAT = (111.0, 35.0)

_M2_PER_HOUSEHOLD = 92.5  # 1.96 million m2 for 21,200 households
_SURVEY_FIRST = 9  # the compound whose buildings are mostly unmapped: nobody gave figures for it either
_FED_TOGETHER = {6: (6, 7)}  # the small courtyard hangs on its neighbour's transformer
_UPGRADES = (  # assumed: a second box beside the first, or a larger one (a 630 kVA box costs 250-450 thousand CNY)
    {"kva": 200, "cost_cny": 160000, "lead_time_months": 4},
    {"kva": 400, "cost_cny": 290000, "lead_time_months": 6},
)


def write_quarter(path: Path, *, seed: int = QUARTER_SEED) -> None:
    """Write the made-up quarter to `path` (.osm.pbf or any format of OpenStreetMap); same seed, same bytes."""
    write_osm(draw_quarter(seed).things, path, origin=ORIGIN_LON_LAT)


def write_quarter_layers(folder: Path, *, seed: int = QUARTER_SEED) -> None:
    """Write what a bureau would know of the quarter: `quarter_compounds.csv` and `quarter_transformers.csv`.

    The compounds join by id; the transformers have the ids of the kiosks on the map and their place.
    """
    quarter = draw_quarter(seed)
    ids = object_ids(quarter.things, origin=ORIGIN_LON_LAT)
    dice = random.Random(seed + 1)
    _write_csv(
        folder / "quarter_compounds.csv",
        ("compound_id", "name", "households", "ebikes", "evs", "weight"),
        _compound_rows(quarter, ids, dice),
    )
    _write_csv(
        folder / "quarter_transformers.csv",
        ("transformer_id", "name", "lon", "lat", "crs", "spare_kva", "compound_ids", "upgrade_steps"),
        _transformer_rows(quarter, ids, dice),
    )


def write_tiny(folder: Path) -> None:
    """Write the tiny district, `tiny.osm` with `tiny_transformers.csv`; datasets/README.md draws it and solves it."""
    things = _tiny_things()
    write_osm(things, folder / "tiny.osm", origin=TINY_ORIGIN_LON_LAT)
    ((lon, lat),) = lonlat_of(TINY_ORIGIN_LON_LAT)([(4.0, 96.0)])
    row = ("T1", "合成箱变 (synthetic)", f"{lon:.7f}", f"{lat:.7f}", "EPSG:4326", 100, "way/101;way/102", "[]")
    header = ("transformer_id", "name", "lon", "lat", "crs", "spare_kva", "compound_ids", "upgrade_steps")
    _write_csv(folder / "tiny_transformers.csv", header, [row])


def dataset_path(name: str) -> Path:
    """Return the path of an embedded data file, in a checkout or in an installed wheel.

    Raises `DataError` when there is no such file.
    """
    package = Path(str(files("siting")))
    for folder in (package / "_datasets", package.parent / "datasets"):
        if (folder / name).is_file():
            return folder / name
    message = f"{name}: no such embedded data file; `make demo` in a checkout, or reinstall the package"
    raise DataError(message)


def quarter_path() -> Path:
    """Return the path of the embedded quarter, an `.osm.pbf`."""
    return dataset_path("quarter.osm.pbf")


def _compound_rows(quarter: Quarter, ids: Sequence[str], dice: random.Random) -> Iterable[tuple[object, ...]]:
    for compound, compound_id in zip(quarter.compounds, ids, strict=False):
        households = round(sum(house.floor_area_m2 for house in compound.houses) / _M2_PER_HOUSEHOLD)
        ebikes, evs = round(households * dice.uniform(0.7, 1.1)), round(households * dice.uniform(0.02, 0.08))
        weight = dice.choice((1.0, 1.0, 1.2, 1.5))  # hotline complaints and hazards found
        figures = ("", "", "") if compound.plan.number == _SURVEY_FIRST else (households, ebikes, evs)
        yield (compound_id, compound.plan.name, *figures, weight)


def _transformer_rows(quarter: Quarter, ids: Sequence[str], dice: random.Random) -> Iterable[tuple[object, ...]]:
    place = lonlat_of(ORIGIN_LON_LAT)
    kiosks = {thing.shape: key for thing, key in zip(quarter.things, ids, strict=True) if "power" in thing.tags}
    for compound in quarter.compounds:
        number = compound.plan.number
        for thing in compound.things:
            if "power" not in thing.tags:
                continue
            centre = thing.shape.centroid
            ((lon, lat),) = place([(centre.x, centre.y)])
            fed = ";".join(ids[fed - 1] for fed in _FED_TOGETHER.get(number, (number,)))
            spare = dice.choice((40, 63, 80, 100, 125, 160))
            steps = json.dumps(_UPGRADES[: dice.choice((1, 2, 2))])
            name = f"合成箱变{number:02d} (synthetic)"
            yield (kiosks[thing.shape], name, f"{lon:.7f}", f"{lat:.7f}", "EPSG:4326", spare, fed, steps)


def _tiny_things() -> list[Thing]:
    """Return the tiny district; every figure is a whole number of metres."""
    areas = {"合成甲院 (synthetic)": ((0, 0, 120, 100), (60, 0)), "合成乙院 (synthetic)": ((130, 0, 188, 56), (134, 0))}
    outlines, edges = [], []
    for name, ((west, south, east, north), gate) in areas.items():
        ring = [(west, south), gate, (east, south), (east, north), (west, north), (west, south)]
        outlines.append(Thing(Polygon(ring), made_up(landuse="residential", name=name)))
        edges.append(Thing(LineString(ring), made_up(barrier="wall")))
        edges.append(Thing(Point(gate), made_up(barrier="gate", access="private", foot="permissive")))
    corners = [(10, 10), (73, 10), (10, 40), (73, 40), (140, 10), (140, 36)]
    slab = made_up(building="apartments", building__levels="5")
    slabs = [Thing(box(x, y, x + 37, y + 10), slab) for x, y in corners]
    street = [(-50, -10), (60, -10), (134, -10), (260, -10)]
    ways = [
        Thing(LineString(street), made_up(highway="residential", name="合成路 (synthetic)")),
        Thing(LineString([(60, -10), (60, 0), (60, 30), (60, 55)]), made_up(highway="service", width="4")),
        Thing(LineString([(134, -10), (134, 0), (134, 30)]), made_up(highway="footway")),
    ]
    return [*outlines, *slabs, *ways, *edges]


def _write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
