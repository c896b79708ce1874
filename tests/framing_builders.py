"""Two buildings (20 and 30 vehicles), three accepted sheds in a row, and a fourth that is refused, framed in one line.

b1 (20 vehicles)            b2 (30 vehicles, each of weight 2)
s1          s2              s3              s4
x = 0       100             200             300     (m)
"""

import pandas as pd
from access.reach_builders import block, ground, verdicts

from siting import tables
from siting.access.power import connect_power
from siting.access.record import Demand, Links
from siting.framing import Framing, Limits, frame_problem

WALKS = [("b1", "s1", 10.0), ("b1", "s2", 50.0), ("b2", "s2", 30.0), ("b2", "s3", 90.0)]
STEPS = '[{"kva": 50, "cost_cny": 9000, "lead_time_months": 3}]'


def framed(limits: Limits, *, transformers=(), verdict_rows=(), accepted=("s1", "s2", "s3")) -> Framing:
    """Return the framing under `limits`; `transformers` as in `ground`, `accepted` are the lawful sheds."""
    district = ground(buildings=[("b1", block(0, 50)), ("b2", block(200, 50))], transformers=transformers)
    sheds = [("s2", block(100, 0)), ("s1", block(0, 0)), ("s3", block(200, 0)), ("s4", block(300, 0))]
    judged = verdicts(district, sheds, accepted=accepted)
    if verdict_rows:
        judged = type(judged)(**{**vars(judged), "frame": pd.DataFrame(verdict_rows)})
    demand = pd.DataFrame(
        {"compound_id": "c1", "households": [10.0, 30.0], "vehicles": [20.0, 30.0], "weight": [1.0, 2.0]},
        index=pd.Index(["b1", "b2"], name="building_id", dtype=object),
    ).assign(households_source="tag")
    links = Links(
        frame=pd.DataFrame(
            [(i, j, walk, walk / 2) for i, j, walk in WALKS if j in accepted],
            columns=list(tables.LINKS.columns),
        ),
        unreachable=pd.DataFrame({"object_id": [], "layer": [], "reason": [], "nearest_m": []}),
        openings=tables.OPENINGS.empty(judged.candidates.frame.crs),
        radius_m=200.0,
        sharing="own",
        demand=Demand(frame=demand, vehicle="ebike", assumptions=()),
        verdicts=judged,
    )
    return frame_problem(links, connect_power(judged), limits)
