"""Facts, made up: the embedded districts, a quarter to try the software on and a tiny one to check it by hand.

Nothing here exists: names, streets and figures are invented after the published counts of the renewal
programme of Yanhu, Yuncheng (2021-2025). Every object carries `siting:synthetic=yes`.
"""

from importlib.resources import files
from pathlib import Path

from siting.district.synthetic_osm import write_osm
from siting.district.synthetic_places import draw_quarter
from siting.district.synthetic_plan import ORIGIN_LON_LAT
from siting.errors import DataError

__all__ = ["QUARTER_SEED", "dataset_path", "quarter_path", "write_quarter"]

QUARTER_SEED = 20241121


def write_quarter(path: Path, *, seed: int = QUARTER_SEED) -> None:
    """Write the made-up quarter to `path` (.osm.pbf or any format of OpenStreetMap); same seed, same bytes."""
    write_osm(draw_quarter(seed).things, path, origin=ORIGIN_LON_LAT)


def dataset_path(name: str) -> Path:
    """Return the path of an embedded data file, in a checkout or in an installed wheel.

    Raises `DataError` when there is no such file.
    """
    package = Path(str(files("siting")))
    for folder in (package / "_datasets", package.parent / "datasets"):
        if (folder / name).exists():
            return folder / name
    message = f"{name}: no such embedded data file; look into {package.parent / 'datasets'}"
    raise DataError(message)


def quarter_path() -> Path:
    """Return the path of the embedded quarter, an `.osm.pbf`."""
    return dataset_path("quarter.osm.pbf")
