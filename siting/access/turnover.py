"""Reach: how many vehicles so many ports serve, from arrivals, charging time and a target for waiting.

The busiest hour of the day is taken as lasting (M/M/c, Erlang C): arrivals at random, charging times at random around
their mean, one queue for the ports of a site, nobody leaves. Vehicles x charges a day x share of the busiest hour x
mean hours is the load in Erlang; the most vehicles are those at which the chance to wait longer than `wait_minutes`
is `wait_share`. Large sites serve more vehicles a port than small ones. In truth the hour ends before the queue has
grown so long, so the figure is on the safe side.
"""

import math
from dataclasses import dataclass, replace

from scipy.optimize import brentq

from siting.access.record import Demand
from siting.errors import UsageError

__all__ = ["Turnover", "erlang_c", "share_waiting", "vehicles_served", "with_turnover"]

_CLOSE = 1e-12


@dataclass(frozen=True, kw_only=True)
class Turnover:
    """How vehicles use ports. The defaults are planning defaults without a count behind them.

    charges_per_day: of one vehicle. hours: at the port, for one charge (guides: at most 8; row P61).
    peak_share: of the day's arrivals that come in the busiest hour. wait_share: of those who come then, how many may
    wait longer than wait_minutes.
    """

    charges_per_day: float = 0.4
    hours: float = 6.0
    peak_share: float = 0.15
    wait_share: float = 0.1
    wait_minutes: float = 15.0

    def __post_init__(self) -> None:
        """Refuse figures that cannot be."""
        for name in ("charges_per_day", "hours", "peak_share", "wait_share"):
            if not 0.0 < getattr(self, name) < math.inf:
                message = f"turnover: {name} is {getattr(self, name):g}; give a positive number"
                raise UsageError(message)
        if not 0.0 <= self.wait_minutes < math.inf:
            message = f"turnover: wait_minutes is {self.wait_minutes:g}; give 0 or more"
            raise UsageError(message)
        for name in ("peak_share", "wait_share"):
            if getattr(self, name) >= 1.0 and not (name == "peak_share" and self.peak_share == 1.0):
                message = f"turnover: {name} is {getattr(self, name):g}; give a share below 1"
                raise UsageError(message)

    @property
    def load_of_one(self) -> float:
        """The ports that one vehicle keeps busy in the busiest hour, in Erlang."""
        return self.charges_per_day * self.peak_share * self.hours


def with_turnover(demand: Demand, turnover: Turnover | None) -> Demand:
    """Return the demand with a sentence on how ports are used, where the catalogue's vehicles a port do not hold."""
    if turnover is None:
        return demand
    ports = (10, 20, 60)
    each = [vehicles_served(count, turnover) / count for count in ports]
    figures = ", ".join(f"{count}: {value:.2f}" for count, value in zip(ports, each, strict=True))
    share, minutes = turnover.wait_share, turnover.wait_minutes
    said = (
        f"Vehicles a port follow from turnover, not from the catalogue: {turnover.charges_per_day:g} charges a vehicle "
        f"and day, {turnover.hours:g} h each, {turnover.peak_share:.0%} of them in the busiest hour, at most "
        f"{share:.0%} waiting longer than {minutes:g} min (M/M/c; planning defaults unless the study says otherwise). "
        f"Vehicles a port by ports of the site: {figures}. Each place is built whole or not at all."
    )
    said_zh = (
        f"每端口服务车辆由周转推算而非目录取值:每车每日充电{turnover.charges_per_day:g}次,每次{turnover.hours:g}小时,"
        f"高峰小时占{turnover.peak_share:.0%},等待超过{minutes:g}分钟者不多于{share:.0%}(M/M/c排队;未另行给定时为规划默认值)。"
        f"按点位端口数的每端口车辆:{figures}。各点位整体建设或不建。"
    )
    return replace(demand, assumptions=(*demand.assumptions, said), assumptions_zh=(*demand.assumptions_zh, said_zh))


def erlang_c(ports: int, load: float) -> float:
    """Return the chance that whoever arrives finds all ports taken; 1 if the load is not below the ports."""
    if load >= ports:
        return 1.0
    blocked = 1.0  # Erlang B by its recursion, which never overflows
    for count in range(1, ports + 1):
        blocked = load * blocked / (count + load * blocked)
    return blocked / (1.0 - load / ports * (1.0 - blocked))


def share_waiting(ports: int, load: float, turnover: Turnover) -> float:
    """Return the share of arrivals that wait longer than `wait_minutes` at so many ports under `load` Erlang."""
    if load >= ports:
        return 1.0
    return erlang_c(ports, load) * math.exp(-(ports - load) * turnover.wait_minutes / 60.0 / turnover.hours)


def vehicles_served(ports: int, turnover: Turnover) -> float:
    """Return the most vehicles that so many ports serve within the target for waiting."""
    if ports < 1:
        return 0.0
    load = brentq(
        lambda load: share_waiting(ports, load, turnover) - turnover.wait_share,
        0.0,
        ports * (1.0 - _CLOSE),
        xtol=1e-10,
        rtol=1e-12,
    )
    return float(load) / turnover.load_of_one
