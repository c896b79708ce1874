"""Walks over open ground, seconds for each 1,000 buildings, beside brute force with shapely and networkx.

    python -m benchmarks openground [--json]

The work is the embedded quarter with up to 10 lawful places a compound: from the facade or the doors of every
building to every place within 200 m, around buildings, walls and water and through openings, own compound and everyone
else's. The other contestant is the audit's road (every corner with every corner), on a stated part of the pairs: what
a user would write with the libraries alone. `agree` means the same lengths within 1 cm on those pairs.
"""

import time
from pathlib import Path
from typing import Any

from benchmarks.harness import compare, contest

HERE = "benchmarks.openground"
LIMIT_M = 200.0
EVERY = 20  # of the pairs, for the brute force


def run(arguments: list[str]) -> dict[str, Any]:
    path = arguments[0] if arguments else str(Path(__file__).parents[1] / "datasets" / "quarter.toml")
    contestants = {
        "siting": contest(HERE, "with_siting", [path]),
        f"brute force (1 pair in {EVERY})": contest(HERE, "by_brute_force", [path]),
    }
    return compare("openground", f"{Path(path).name}: buildings x places within 200 m", contestants, agree=_same)


def _same(results: list[Any]) -> bool:
    ours, theirs = (result.pop("sample") for result in results)
    shared = set(ours) & set(theirs)
    return shared == set(theirs) and all(abs(ours[key] - theirs[key]) <= 0.01 for key in shared)


def _judged(path: str) -> tuple[Any, Any]:
    from siting.access.demand import DemandOptions, estimate_demand
    from siting.kinds import Kind
    from siting.pipeline import read_sources
    from siting.rules.profiles import load_rulebook
    from siting.sites.candidates import CandidateOptions, offer_candidates
    from siting.sites.catalogue import load_catalogue
    from siting.sites.verdicts import judge
    from siting.sites.zones import draw_zones
    from siting.study import load_study

    study = load_study(Path(path))
    district = read_sources(study)
    rulebook, catalogue = load_rulebook(study.rules.profile, on=study.rules.on), load_catalogue(None)
    zones = draw_zones(district, rulebook, tuple(Kind(kind) for kind in study.facility.kinds), catalogue)
    verdicts = judge(offer_candidates(zones, catalogue, CandidateOptions(max_per_compound=10)))
    return verdicts, estimate_demand(district, DemandOptions(vehicle=study.facility.vehicle))


def _links(path: str) -> tuple[Any, Any, Any, float, float]:
    from siting.access.sharing import Sharing
    from siting.access.walking import WalkOptions, measure_links

    start = time.perf_counter()
    verdicts, demand = _judged(path)
    prepared = time.perf_counter() - start
    links = measure_links(verdicts, demand, WalkOptions(radius_m=LIMIT_M, sharing=Sharing.EVERYONE))
    return verdicts, demand, links.frame, prepared, time.perf_counter() - start - prepared


def with_siting(path: str) -> tuple[dict[str, Any], float]:
    _, demand, frame, prepared, seconds = _links(path)
    sample = {f"{row.building_id} {row.candidate_id}": row.walk_m for row in frame.itertuples()}
    per_thousand = round(1000 * seconds / len(demand.frame), 3)
    figures = {"pairs": len(frame), "buildings": len(demand.frame), "seconds_per_1000_buildings": per_thousand}
    return figures | {"sample": sample}, prepared


def by_brute_force(path: str) -> tuple[dict[str, Any], float]:
    from siting.plan.audit_open import open_walks_again
    from siting.plan.audit_reading import facts_of

    verdicts, _, frame, prepared, ours = _links(path)
    part = frame.iloc[::EVERY]
    candidates = verdicts.candidates.frame
    again = open_walks_again(
        facts_of(verdicts.candidates.zones.district),
        list(zip(part["building_id"], part["candidate_id"], strict=True)),
        {key: (candidates.geometry[key], candidates["compound_id"][key]) for key in part["candidate_id"].unique()},
        limit_m=LIMIT_M,
        all_round=False,
    )
    sample = {f"{building} {site}": walk for (building, site), walk in again.items()}
    return {"pairs": len(sample), "sample": sample}, prepared + ours
