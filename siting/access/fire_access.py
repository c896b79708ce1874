"""Reach of fire engines: each place alone may leave a way in, and all of them together may not.

`siting.rules.fire_access` judges one footprint; here the chosen sites are judged together, grown by the position
error, so that a plan is only handed over where an engine still reaches what it reached before.
"""

from collections.abc import Sequence

import numpy as np
import shapely

from siting.rules.clause import Force, Metric
from siting.rules.fire_access import access_model, losses
from siting.sites.record import Verdicts

__all__ = ["blocking_sites", "joint_losses"]


def joint_losses(verdicts: Verdicts, sites: Sequence[str]) -> tuple[str, ...]:
    """Return what an engine may no longer reach once all of `sites` stand: building ids and roads of dead ends."""
    candidates = verdicts.candidates
    district = candidates.zones.district
    frame = candidates.frame.loc[list(sites)]
    lost: set[str] = set()
    for clause in candidates.zones.rulebook.clauses:
        if clause.metric is not Metric.FIRE_ACCESS or clause.force is not Force.MUST:
            continue
        mine = frame[frame["kind"].isin([kind.value for kind in clause.kinds])]
        grown = np.asarray(shapely.buffer(mine.geometry.to_numpy(), district.position_error_m))
        lost.update(losses(access_model(district, clause.values), grown))
    return tuple(sorted(lost))


def blocking_sites(verdicts: Verdicts, sites: Sequence[str]) -> tuple[str, ...]:
    """Return a smallest set of `sites` that together lose something no fewer of them lose; () if nothing is lost.

    Sites are left out one after the other, so no member of the answer can be spared.
    """
    held = sorted(sites)
    if not joint_losses(verdicts, held):
        return ()
    for name in sorted(sites):
        fewer = [other for other in held if other != name]
        if joint_losses(verdicts, fewer):
            held = fewer
    return tuple(held)
