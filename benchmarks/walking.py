"""Walks on mapped ways: every (building, site) pair within 500 m, beside what users of osmnx and of pandana would run.

    python -m benchmarks walking [--json] [COPIES]

All contestants get one copy of the extract (the Beijing one if it lies beside the checkout, else the embedded quarter)
with 1,641 sites on its ways, joined mid-edge to the same graph by our own code; what is timed is the search.
`exact` means the pairs of networkx and lengths within 1 cm of it (`worst_cm`, `pairs_differ`: how far off); `agree` is
that of ours. pandana cuts lengths to millimetres, which adds up beyond a centimetre and flips pairs at the limit.
`scale` is the same search of ours on COPIES (50) copies 10 km apart: 82,050 sites and 26,000 buildings.
pandana is AGPL, is measured only where it is installed (extra `bench`), and is never imported by the product.
"""

import time
from pathlib import Path
from typing import Any

from benchmarks.harness import compare, contest

HERE = "benchmarks.walking"
LIMIT_M = 500.0
SITES = 1641
APART_M = 10_000.0
CENTIMETRE = 0.01


def run(arguments: list[str]) -> dict[str, Any]:
    copies = arguments[0] if arguments else "50"
    contestants = {
        "siting": contest(HERE, "with_siting", ["1"]),
        "networkx": contest(HERE, "with_networkx", ["1"]),
        "pandana": contest(HERE, "with_pandana", ["1"]),
    }
    exact = (contestants["networkx"]["result"] or {}).get("sample", {})
    for values in contestants.values():
        if values["result"]:
            sample = values["result"].pop("sample")
            missing = len(set(exact) ^ set(sample))
            worst = max((abs(sample[key] - exact[key]) for key in set(exact) & set(sample)), default=0.0)
            values["result"] |= {"worst_cm": round(100 * worst, 4), "pairs_differ": missing}
            values["result"]["exact"] = _same([values["result"]])
    work = f"{SITES} sites x buildings of one extract within 500 m"
    report = compare("walking", work, contestants, agree=lambda results: _same(results[:1]))
    return report | {"scale": contest(HERE, "with_siting", [copies])}


def _same(results: list[Any]) -> bool:
    return all(result["worst_cm"] <= 1.0 and result["pairs_differ"] == 0 for result in results)


def _joined(copies: int) -> tuple[Any, Any, Any]:
    """Return the graph with feet as vertices, and the joints of buildings and of sites."""
    import numpy as np
    import shapely

    from siting.access.network import Feet, WalkGraph, drop_feet, insert_feet
    from siting.access.reach import Joints
    from siting.access.streets import read_streets
    from siting.district.build import SourceOptions, read_district

    root = Path(__file__).parents[1]
    beside = root.parent / "shared" / "osm" / "beijing_tsinghua.osm.pbf"
    path = beside if beside.exists() else root / "datasets" / "quarter.osm.pbf"
    district = read_district(SourceOptions(osm=path, halo_m=5000.0))
    streets = read_streets(district.roads)
    graph, edges = streets.graph, np.flatnonzero(streets.reachable)
    rng = np.random.default_rng(0)
    feet = drop_feet(graph, edges, shapely.centroid(district.buildings.geometry.to_numpy()))
    chosen = rng.choice(edges, SITES, p=graph.length_m[edges] / graph.length_m[edges].sum())
    both = Feet(
        shape=np.concatenate([feet.shape, np.arange(SITES)]),
        edge=np.concatenate([feet.edge, chosen]),
        along_m=np.concatenate([feet.along_m, rng.uniform(0.0, 1.0, SITES) * graph.length_m[chosen]]),
        leg_m=np.concatenate([feet.leg_m, np.zeros(SITES)]),
    )
    joined, vertex = insert_feet(graph, both)
    size, split, houses = len(joined.xy), len(feet.edge), len(district.buildings)
    steps = np.arange(copies)
    whole = WalkGraph(
        xy=np.vstack([joined.xy + APART_M * np.array([step % 10, step // 10]) for step in steps]),
        ends=np.vstack([joined.ends + size * step for step in steps]),
        length_m=np.tile(joined.length_m, copies),
    )

    def joints(rows: slice, count: int) -> Joints:
        return Joints(
            item=np.concatenate([both.shape[rows] + count * step for step in steps]),
            vertex=np.concatenate([vertex[rows] + size * step for step in steps]),
            leg_m=np.tile(both.leg_m[rows], copies),
        )

    return whole, joints(slice(0, split), houses), joints(slice(split, None), SITES)


def with_siting(copies: str) -> tuple[dict[str, Any], float]:
    prepared = time.perf_counter()
    graph, buildings, sites = _joined(int(copies))
    from siting.access.reach import reach

    prepared = time.perf_counter() - prepared
    found = reach(graph, buildings, sites, limit_m=LIMIT_M)
    sizes = {"sites": len(set(sites.item.tolist())), "buildings": len(set(buildings.item.tolist()))}
    keep = slice(None) if copies == "1" else slice(0)
    rows = zip(found.source[keep].tolist(), found.target[keep].tolist(), found.walk_m[keep].tolist(), strict=True)
    sample = {f"{source} {target}": walk for source, target, walk in rows}
    return {"pairs": len(found.source), **sizes, "sample": sample}, prepared


def with_networkx(copies: str) -> tuple[dict[str, Any], float]:
    prepared = time.perf_counter()
    graph, buildings, sites = _joined(int(copies))
    import networkx as nx

    drawn: Any = nx.Graph()
    for (tail, head), length in zip(graph.ends.tolist(), graph.length_m.tolist(), strict=True):
        held = drawn.get_edge_data(tail, head, default={"weight": length})
        drawn.add_edge(tail, head, weight=min(length, held["weight"]))
    prepared = time.perf_counter() - prepared
    at: dict[int, list[tuple[int, float]]] = {}
    for item, vertex, leg in zip(sites.item.tolist(), sites.vertex.tolist(), sites.leg_m.tolist(), strict=True):
        at.setdefault(vertex, []).append((item, leg))
    sample: dict[str, float] = {}
    for item, vertex, leg in zip(
        buildings.item.tolist(), buildings.vertex.tolist(), buildings.leg_m.tolist(), strict=True
    ):
        for node, walk in nx.single_source_dijkstra_path_length(drawn, vertex, cutoff=LIMIT_M).items():
            for site, last in at.get(node, ()):
                total = leg + walk + last
                if total <= LIMIT_M:
                    key = f"{item} {site}"
                    sample[key] = min(sample.get(key, total), total)
    return {"pairs": len(sample), "sample": sample}, prepared


def with_pandana(copies: str) -> tuple[dict[str, Any], float]:
    prepared = time.perf_counter()
    graph, buildings, sites = _joined(int(copies))
    import pandana
    import pandas as pd

    xy = pd.DataFrame(graph.xy, columns=["x", "y"])
    ends = pd.DataFrame(graph.ends, columns=["from", "to"])
    net = pandana.Network(xy["x"], xy["y"], ends["from"], ends["to"], pd.DataFrame({"length": graph.length_m}))
    prepared = time.perf_counter() - prepared
    near = net.nodes_in_range(sorted(set(buildings.vertex.tolist())), LIMIT_M)
    walks = {(int(row[0]), int(row[1])): float(row[2]) for row in near.itertuples(index=False)}
    around: dict[int, list[tuple[int, float]]] = {}
    for (source, node), walk in walks.items():
        around.setdefault(source, []).append((node, walk))
    at: dict[int, list[int]] = {}
    for item, vertex in zip(sites.item.tolist(), sites.vertex.tolist(), strict=True):
        at.setdefault(vertex, []).append(item)
    sample: dict[str, float] = {}
    for item, vertex, leg in zip(
        buildings.item.tolist(), buildings.vertex.tolist(), buildings.leg_m.tolist(), strict=True
    ):
        for node, walk in around.get(vertex, ()):
            for site in at.get(node, ()):
                if leg + walk <= LIMIT_M:
                    key = f"{item} {site}"
                    sample[key] = min(sample.get(key, leg + walk), leg + walk)
    return {"pairs": len(sample), "sample": sample}, prepared
