"""Audit of waiting: at every site, the share of those who come in the busiest hour and wait too long, reckoned again.

The ports of a site are one queue (M/M/c) in a busiest hour that lasts: vehicles x charges a day x share of the hour
x mean hours ports are busy. The chance that all are taken comes from the sum over the states of the queue, in
logarithms; of those who wait, the part exp(-(ports - load) x wait / hours) waits longer than the target.
"""

import math
from collections.abc import Mapping

from siting.plan.audit_reading import RunFolder
from siting.plan.audit_record import Checked, Finding

__all__ = ["check_waiting", "most_served"]

_SHARE = 1e-6


def check_waiting(run: RunFolder, turnover: Mapping[str, float]) -> Checked:
    """Check that no more arrivals wait too long than the study allows, and that sites state the share."""
    findings = []
    of_one = turnover["charges_per_day"] * turnover["peak_share"] * turnover["hours"]
    for site_id, site in run.sites.iterrows():
        share = _late(int(site["ports"]), float(site["served"]) * of_one, turnover)
        stated = float(site.get("wait_share", math.nan))
        if share > turnover["wait_share"] + _SHARE:
            findings.append(
                Finding.say(
                    "beyond-waiting",
                    f"site {site_id}: {share:.4f} of arrivals would wait too long; {turnover['wait_share']:g} may",
                    f"选定点 {site_id}:高峰等待超时比例 {share:.4f},允许 {turnover['wait_share']:g}",
                    site_id=str(site_id),
                    measured=share,
                    required=turnover["wait_share"],
                )
            )
        if not abs(stated - share) <= _SHARE:
            findings.append(
                Finding.say(
                    "waiting-differs",
                    f"site {site_id}: wait_share is given as {stated:.6f}; reckoned again {share:.6f}",
                    f"选定点 {site_id}:wait_share 记为 {stated:.6f},重新计得 {share:.6f}",
                    site_id=str(site_id),
                    measured=share,
                    required=stated,
                )
            )
    return Checked(tuple(findings), 2 * len(run.sites))


def most_served(ports: int, turnover: Mapping[str, float], served: float) -> float:
    """Return `served` if so many vehicles wait within the target at so many ports, else what keeps all ports busy."""
    of_one = turnover["charges_per_day"] * turnover["peak_share"] * turnover["hours"]
    within = _late(ports, served * of_one, turnover) <= turnover["wait_share"] + _SHARE
    return served if within else min(ports / of_one, served * (1.0 - 1e-3))


def _late(ports: int, load: float, turnover: Mapping[str, float]) -> float:
    if load >= ports:
        return 1.0
    if load <= 0.0:
        return 0.0
    logs = [count * math.log(load) - math.lgamma(count + 1) for count in range(ports)]
    full = ports * math.log(load) - math.lgamma(ports + 1) + math.log(ports / (ports - load))
    top = max(*logs, full)
    taken = math.exp(full - top) / (math.fsum(math.exp(value - top) for value in logs) + math.exp(full - top))
    return taken * math.exp(-(ports - load) * turnover["wait_minutes"] / 60.0 / turnover["hours"])
