"""How much of what the ground can hold the thinned candidates still reach.

    python -m benchmarks capacity [COUNT] [[blocks:]FILE.osm.pbf ...] [--json]

For COUNT (20) compounds: the most bays of a lawful selection of our candidates that exclude one another (by HiGHS),
beside the best packing of the same layouts that brute force finds on the same lawful ground (`_packing_oracle`): a fine
grid of positions and lines of places at eight angles beside those of the walls, and a search that empties windows and
fills them again by HiGHS. It starts from the best of our selection, its own packing and its own lines, so it is never
weaker than ours. `at_most` is what the area alone would allow. National rules, sheds. The default is the embedded
quarter; `blocks:` makes compounds of street blocks. `agree` says that ours reaches 98 % of it in all of them together.

Which compounds: those that are ready and whose lawful ground has the area for 100 bays; as even a share of each file as
it has, and of one file every n-th by id. Nothing is chosen or left out by what either side finds.
"""

import math
import time
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.harness import compare, contest

HERE = "benchmarks.capacity"
COUNT = 20
LEAST_BAYS = 100
STEP_M = 1.0  # on small grounds; larger ones get as many places
PLACES = 12_000
ANGLES = 8  # evenly spaced within 90 degrees, beside the directions of the walls nearby
WINDOWS = 24
LEAST_SHARE = 0.98


def run(arguments: list[str]) -> dict[str, Any]:
    count = arguments[0] if arguments and arguments[0].isdigit() else str(COUNT)
    files = arguments[arguments[:1] == [count] :] or [str(Path(__file__).parents[1] / "datasets" / "quarter.osm.pbf")]
    contestants = {
        "siting": contest(HERE, "with_siting", [count, *files]),
        "brute force": contest(HERE, "by_brute_force", [count, *files], timeout_s=7200.0, show=True),
    }
    report = compare("capacity", ", ".join(Path(name).name for name in files), contestants, agree=_enough)
    found = [values["result"] for values in contestants.values()]
    if all(found):
        ours, theirs = found
        report["compounds"] = len(theirs)
        report["share"] = round(_total(ours, "held") / max(_total(theirs, "held"), 1), 4)
        report["share_of_area_bound"] = round(_total(ours, "held") / max(_total(theirs, "at_most"), 1), 4)
        report["share_by_compound"] = {
            key: round(ours[key]["held"] / max(each["held"], 1), 3) for key, each in theirs.items()
        }
    return report


def _total(found: Any, what: str) -> int:
    return sum(each[what] for each in found.values())


def _enough(results: list[Any]) -> bool:
    ours, theirs = results
    return _total(ours, "held") >= LEAST_SHARE * _total(theirs, "held")


def _judged(file: str) -> tuple[Any, Any]:
    """Return the verdicts on sheds, and the catalogue."""
    from siting.district.build import SourceOptions, read_district
    from siting.kinds import Kind
    from siting.rules.profiles import load_rulebook
    from siting.sites.candidates import offer_candidates
    from siting.sites.catalogue import load_catalogue
    from siting.sites.verdicts import judge
    from siting.sites.zones import draw_zones

    where, _, name = file.rpartition(":")
    district = read_district(SourceOptions(osm=Path(name), compounds_from=where or "osm"))
    catalogue = load_catalogue(None)
    zones = draw_zones(district, load_rulebook("national", on=date(2026, 1, 1)), (Kind.EBIKE_SHED,), catalogue)
    return judge(offer_candidates(zones, catalogue)), catalogue


def _grounds(verdicts: Any, catalogue: Any) -> tuple[dict[str, Any], Any, float]:
    """Return the lawful ground near buildings of every compound with room for 100 bays, the sizes, and the gap."""
    import shapely

    from benchmarks._packing_oracle import area_bound
    from siting.kinds import Kind
    from siting.sites.candidates import DEFAULT_SIZES, CandidateOptions
    from siting.sites.layouts import group_limits, layouts_for
    from siting.sites.offers import lawful_ground

    zones, kind = verdicts.candidates.zones, Kind.EBIKE_SHED
    limits = group_limits(zones.rulebook, kind, catalogue.kind(kind))
    layouts = layouts_for(kind, catalogue.kind(kind), limits, DEFAULT_SIZES[kind])
    sizes = [(layout.length_m, layout.depth_m, layout.bays) for layout in layouts]
    reach_m = CandidateOptions().near_building_m
    walls = zones.district.buildings.geometry.to_numpy()
    found = {}
    for key, ground in sorted(lawful_ground(zones, kind, catalogue).items()):
        near = walls[shapely.dwithin(walls, ground, reach_m)]
        reached = shapely.intersection(ground, shapely.union_all(shapely.buffer(near, reach_m)))
        if area_bound(reached, sizes, limits.place_gap_m) >= LEAST_BAYS:
            found[key] = reached
    return found, sizes, limits.place_gap_m


def _held(verdicts: Any, gap_m: float, key: str) -> tuple[Any, int]:
    """Return our best selection in one compound, and among how many candidates."""
    import numpy as np

    from benchmarks._packing_oracle import Pool, most_bays

    frame = verdicts.candidates.frame.loc[list(verdicts.accepted)]
    mine = frame[frame["compound_id"] == key]
    pool = Pool(mine.geometry.to_numpy(), mine["bays"].to_numpy(dtype=np.int64))
    return pool.take(most_bays(pool, gap_m, seconds=5.0)), len(mine)


def _chosen(count: int, files: tuple[str, ...]) -> list[tuple[str, Any, list[str], Any]]:
    """Return per file its name, its verdicts, the ids chosen, and what `_grounds` found."""
    import numpy as np

    read = []
    for file in files:
        verdicts, catalogue = _judged(file)
        read.append((file, verdicts, _grounds(verdicts, catalogue)))
    share = dict.fromkeys(files, 0)
    left = count
    for number, (file, _, (grounds, _, _)) in enumerate(sorted(read, key=lambda each: len(each[2][0]))):
        share[file] = min(len(grounds), math.ceil(left / (len(read) - number)))
        left -= share[file]
    chosen = []
    for file, verdicts, found in read:
        ids = list(found[0])
        rows = np.unique(np.linspace(0, len(ids) - 1, share[file]).round().astype(int)) if ids else []
        chosen.append((Path(file).stem, verdicts, [ids[row] for row in rows], found))
    return chosen


def with_siting(count: str, *files: str) -> tuple[dict[str, dict[str, int]], float]:
    start = time.perf_counter()
    import highspy  # noqa: F401

    imported = time.perf_counter() - start
    held = {}
    for name, verdicts, ids, (_, _, gap_m) in _chosen(int(count), files):
        for key in ids:
            ours, candidates = _held(verdicts, gap_m, key)
            held[f"{name} {key}"] = {"held": ours.total, "places": len(ours.bays), "candidates": candidates}
    return held, imported


def by_brute_force(count: str, *files: str) -> dict[str, dict[str, int]]:
    return {
        f"{name} {key}": _packed(verdicts, key, *found)
        for name, verdicts, ids, found in _chosen(int(count), files)
        for key in ids
    }


def _packed(verdicts: Any, key: str, grounds: dict[str, Any], sizes: Any, gap_m: float) -> dict[str, int]:
    import sys

    import numpy as np
    import shapely

    from benchmarks._packing_oracle import Ground, area_bound, best_packing, rectangles_on
    from siting.sites.packing import axis_angles

    start, district, ground = time.process_time(), verdicts.candidates.zones.district, grounds[key]
    walls = district.buildings.geometry.to_numpy()
    inside = walls[shapely.intersects(walls, district.compounds.geometry[key])]
    angles = np.concatenate((np.unique(np.round(axis_angles(inside), 2))[:8], np.arange(ANGLES) * np.pi / 2 / ANGLES))
    pool = rectangles_on(ground, sizes, angles, max(STEP_M, math.sqrt(ground.area / PLACES)))
    ours, candidates = _held(verdicts, gap_m, key)
    best = best_packing(Ground(ground, sizes, angles, gap_m), pool, ours, windows=WINDOWS)
    found = {"held": best.total, "at_most": area_bound(ground, sizes, gap_m), "m2": round(ground.area)}
    print(key, f"{len(pool.bays)} rectangles; of {candidates} candidates {ours.total} bays;", found,
          f"{time.process_time() - start:.0f} s", file=sys.stderr, flush=True)  # fmt: skip
    return found
