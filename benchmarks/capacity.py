"""How much of what the ground can hold the thinned candidates still reach.

    python -m benchmarks capacity [[blocks:]FILE.osm.pbf ...] [--json]

For every compound that is ready: the most bays of a lawful selection of our candidates that exclude one another (by
HiGHS), beside the best packing of the same layouts that brute force finds on the same lawful ground: a fine grid of
positions, eight angles beside those of the walls, a packing mended swap by swap, and a search that refills windows
(`_packing_oracle`). It begins with the better of that packing and of our own search at half the steps with 400
candidates a compound, so it is never weaker than ours. `at_most` is what the area alone would allow.
National rules, sheds. The default is the embedded quarter; `blocks:` makes compounds of street blocks. `agree` says
that ours reaches 98 % of it over all compounds together.
"""

import math
import time
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.harness import compare, contest

HERE = "benchmarks.capacity"
STEP_M = 1.0  # on small grounds; larger ones get as many places
PLACES = 12_000
ANGLES = 8  # evenly spaced within 90 degrees, beside the directions of the walls nearby
ROUNDS = 25
LEAST_SHARE = 0.98


def run(arguments: list[str]) -> dict[str, Any]:
    files = arguments or [str(Path(__file__).parents[1] / "datasets" / "quarter.osm.pbf")]
    contestants = {
        "siting": contest(HERE, "with_siting", files),
        "brute force": contest(HERE, "by_brute_force", files, timeout_s=7200.0, show=True),
    }
    report = compare("capacity", ", ".join(Path(name).name for name in files), contestants, agree=_enough)
    found = [values["result"] for values in contestants.values()]
    if all(found):
        ours, theirs = found
        report["compounds"] = len(theirs)
        report["share"] = round(sum(ours.values()) / max(_total(theirs, "held"), 1), 4)
        report["share_of_area_bound"] = round(sum(ours.values()) / max(_total(theirs, "at_most"), 1), 4)
        report["share_by_compound"] = {key: round(ours[key] / max(each["held"], 1), 3) for key, each in theirs.items()}
    return report


def _total(theirs: Any, what: str) -> int:
    return sum(each[what] for each in theirs.values())


def _enough(results: list[Any]) -> bool:
    ours, theirs = results
    return sum(ours.values()) >= LEAST_SHARE * _total(theirs, "held")


def _judged(file: str, **options: Any) -> tuple[Any, Any]:
    """Return the verdicts on sheds, and the catalogue."""
    from siting.district.build import SourceOptions, read_district
    from siting.kinds import Kind
    from siting.rules.profiles import load_rulebook
    from siting.sites.candidates import CandidateOptions, offer_candidates
    from siting.sites.catalogue import load_catalogue
    from siting.sites.verdicts import judge
    from siting.sites.zones import draw_zones

    where, _, name = file.rpartition(":")
    district = read_district(SourceOptions(osm=Path(name), compounds_from=where or "osm"))
    catalogue = load_catalogue(None)
    zones = draw_zones(district, load_rulebook("national", on=date(2026, 1, 1)), (Kind.EBIKE_SHED,), catalogue)
    return judge(offer_candidates(zones, catalogue, CandidateOptions(**options))), catalogue


def _held(verdicts: Any, catalogue: Any) -> tuple[dict[str, Any], float]:
    """Return our best selection by compound, and the gap between two of it."""
    import numpy as np

    from benchmarks._packing_oracle import Pool, most_bays
    from siting.kinds import Kind
    from siting.sites.layouts import group_limits

    zones = verdicts.candidates.zones
    gap_m = group_limits(zones.rulebook, Kind.EBIKE_SHED, catalogue.kind(Kind.EBIKE_SHED)).place_gap_m
    frame = verdicts.candidates.frame.loc[list(verdicts.accepted)]
    compounds = zones.district.compounds
    found = {}
    for key in compounds.index[compounds["state"] == "ready"]:
        mine = frame[frame["compound_id"] == key]
        pool = Pool(mine.geometry.to_numpy(), mine["bays"].to_numpy(dtype=np.int64))
        found[str(key)] = pool.take(most_bays(pool, gap_m, seconds=20.0))
    return found, gap_m


def with_siting(*files: str) -> tuple[dict[str, int], float]:
    start = time.perf_counter()
    import highspy  # noqa: F401

    imported = time.perf_counter() - start
    held = {f"{Path(name).stem} {key}": int(pool.bays.sum()) for name in files
            for key, pool in _held(*_judged(name))[0].items()}  # fmt: skip
    return held, imported


def by_brute_force(*files: str) -> dict[str, dict[str, int]]:
    return {f"{Path(name).stem} {key}": found for name in files for key, found in _packed(name).items()}


def _packed(file: str) -> dict[str, dict[str, int]]:
    import sys

    import numpy as np
    import shapely

    from benchmarks._packing_oracle import area_bound, best_packing, rectangles_on
    from siting.kinds import Kind
    from siting.sites.candidates import DEFAULT_SIZES, CandidateOptions
    from siting.sites.layouts import group_limits, layouts_for
    from siting.sites.offers import lawful_ground
    from siting.sites.packing import axis_angles

    ours, gap_m = _held(*_judged(file))
    verdicts, catalogue = _judged(file, max_per_compound=400, edge_step_m=0.5, grid_step_m=1.0)
    fine, _ = _held(verdicts, catalogue)
    zones, kind = verdicts.candidates.zones, Kind.EBIKE_SHED
    limits = group_limits(zones.rulebook, kind, catalogue.kind(kind))
    layouts = layouts_for(kind, catalogue.kind(kind), limits, DEFAULT_SIZES[kind])
    sizes = [(layout.length_m, layout.depth_m, layout.bays) for layout in layouts]
    reach_m = CandidateOptions().near_building_m
    walls = zones.district.buildings.geometry.to_numpy()
    packed = {}
    for key, ground in lawful_ground(zones, kind, catalogue).items():
        near = walls[shapely.dwithin(walls, ground, reach_m)]
        reached = shapely.intersection(ground, shapely.union_all(shapely.buffer(near, reach_m)))
        inside = near[shapely.intersects(near, zones.district.compounds.geometry[key])]
        angles = np.concatenate(
            (np.unique(np.round(axis_angles(inside), 2))[:8], np.arange(ANGLES) * np.pi / 2 / ANGLES)
        )
        step_m = max(STEP_M, math.sqrt(reached.area / PLACES))
        pool = rectangles_on(reached, sizes, angles, step_m)
        start = max(ours[key], fine[key], key=lambda one: int(one.bays.sum()))
        held = best_packing(pool, start, gap_m=gap_m, rounds=ROUNDS)
        packed[key] = {"held": held, "at_most": area_bound(reached, sizes, gap_m)}
        print(key, len(pool.bays), int(ours[key].bays.sum()), int(start.bays.sum()), packed[key],
              file=sys.stderr, flush=True)  # fmt: skip
    return packed
