"""Judging 100,000 footprints by every clause of a profile, on a made-up district of 10,000 buildings.

    python -m benchmarks judging [--json] [PROFILE] [FOOTPRINTS] [SAMPLE]

What a user would pick instead is a plain loop in geopandas: footprint after footprint, `GeoSeries.distance` to every
object of the clause's class, then the decision (`benchmarks/_judging_loop.py`). It gets the same objects with the
same classes, errors and figures, ready made. It judges a sample spread evenly over all footprints; its seconds for
all are the sample's by footprint. `agree`: on the sample every outcome, measured figure and required figure is equal;
fire access, which asks the graph of lanes and no distance, is judged by us alone.
"""

import json
import time
from typing import Any

from benchmarks.harness import contest

HERE = "benchmarks.judging"
PROFILE, FOOTPRINTS, SAMPLE = "fuzhou", 100_000, 150
DAY = "2026-01-01"
SECONDS, MEGABYTES, RATIO = 30.0, 2000.0, 50.0


def run(arguments: list[str]) -> dict[str, Any]:
    given = [*arguments, *[PROFILE, str(FOOTPRINTS), str(SAMPLE)][len(arguments) :]]
    profile, footprints, sample = given[0], int(given[1]), int(given[2])
    ours = contest(HERE, "with_siting", given)
    loop = contest(HERE, "with_geopandas", given, timeout_s=3600.0)
    done = ours["seconds"] is not None and loop["seconds"] is not None
    mine, theirs = ours.get("result") or {}, loop.get("result") or {}
    seconds = mine.get("seconds")
    scaled = theirs["seconds"] / sample * footprints if done else None
    ratio = scaled / seconds if done and scaled else None
    agree = done and mine["verdicts"] == theirs["verdicts"]
    for result in (mine, theirs):
        result.pop("verdicts", None)
    return {
        "name": "judging",
        "work": f"{footprints:,} footprints x every clause of {profile}, 10,000 buildings",
        "contestants": {"siting": ours, "geopandas loop": loop},
        "sample": sample,
        "loop_seconds_for_all": None if scaled is None else round(scaled, 1),
        "ratio": None if ratio is None else round(ratio, 1),
        "agree": agree,
        "within": {
            "seconds": done and seconds <= SECONDS,
            "memory": done and ours["peak_mb"] <= MEGABYTES,
            "ratio": ratio is not None and ratio >= RATIO,
        },
    }


def with_siting(profile: str, footprints: str, sample: str) -> tuple[dict[str, Any], float]:
    start = time.perf_counter()
    from benchmarks._judging_town import facility, footprints_of, town
    from siting.rules.clause import Metric
    from siting.rules.measures import measure

    shapes, district = footprints_of(int(footprints)), town()
    clauses = _clauses(profile)
    imported = time.perf_counter() - start
    begin = time.perf_counter()
    found = {(kind, clause.clause_id): measure(clause, shapes, district, facility(kind)) for kind, clause in clauses}
    seconds = time.perf_counter() - begin
    rows = _sampled(int(footprints), int(sample))
    unlooped = {clause.clause_id for _, clause in clauses if clause.metric is Metric.FIRE_ACCESS}
    verdicts = [
        [kind, name, row, str(one.outcome[row]), _figure(one.measured[row]), _figure(one.required[row])]
        for (kind, name), one in found.items()
        if name not in unlooped
        for row in rows
    ]
    return {"seconds": round(seconds, 3), "clauses": len(clauses), "verdicts": _text(verdicts)}, imported


def with_geopandas(profile: str, footprints: str, sample: str) -> tuple[dict[str, Any], float]:
    start = time.perf_counter()
    from benchmarks._judging_loop import Loop
    from benchmarks._judging_town import facility, footprints_of, town
    from siting.rules.clause import Metric

    shapes, district = footprints_of(int(footprints)), town()
    asked = [(kind, clause) for kind, clause in _clauses(profile) if clause.metric is not Metric.FIRE_ACCESS]
    loops = [(kind, clause, Loop(clause, district, facility(kind))) for kind, clause in asked]
    rows = _sampled(int(footprints), int(sample))
    imported = time.perf_counter() - start
    begin = time.perf_counter()
    found = [(kind, clause.clause_id, row, *loop.judge(shapes, row)) for kind, clause, loop in loops for row in rows]
    seconds = time.perf_counter() - begin
    verdicts = [
        [kind, name, row, outcome, _figure(measured), _figure(required)]
        for kind, name, row, outcome, measured, required in found
    ]
    return {"seconds": round(seconds, 3), "clauses": len(loops), "verdicts": _text(verdicts)}, imported


def _clauses(profile: str) -> list[tuple[str, Any]]:
    """Return every clause in force with the first kind it speaks of, whose figures it is judged with."""
    from datetime import date

    from siting.rules.profiles import load_rulebook

    book = load_rulebook(profile, on=date.fromisoformat(DAY))
    return [(str(clause.kinds[0]), clause) for clause in book.clauses]


def _sampled(footprints: int, sample: int) -> list[int]:
    return [number * footprints // sample for number in range(sample)]


def _figure(value: Any) -> float | None:
    return None if value != value else round(float(value), 6) + 0.0


def _text(verdicts: list[list[Any]]) -> str:
    return json.dumps(verdicts)
