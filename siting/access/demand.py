"""Reach: how many vehicles of each building want a port.

Households come from the building itself, else from the compound's figure split by floor area, else from
footprint x levels; every guess is marked as one in `households_source`, and every figure that a planner may
want to change is a field of `DemandOptions`. Evidence rows (P15, P19, ...) are those of the rule evidence.
"""

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd

from siting.access.assumptions import describe_demand
from siting.access.network import Floats
from siting.access.record import Demand
from siting.district.record import District
from siting.errors import UsageError
from siting.kinds import Source

__all__ = ["DemandOptions", "estimate_demand"]

_STOREY_M = 3.0  # floor to floor of Chinese housing; turns a mapped height into levels
_VEHICLES = ("ebike", "ev")


@dataclass(frozen=True, kw_only=True)
class DemandOptions:
    """How demand is estimated where nobody has counted it.

    ebikes_per_household: counted compounds have 0.6 to 1.7 (rows P15, P52).
    evs_per_household: planning default, not a count: 2.0 % (Lanzhou, end 2022, P46) to 4.24 % (Yuncheng, end
    2023, P26) of motor vehicles are electric and rising fast, at one car stall a household (P19).
    m2_per_household: gross floor area; 260 compounds renovated in Yuncheng, 1.96 million m2 and 21,200
    households; 86 in Panjin (P48).
    default_levels: old compounds of 4 to 6 storeys; used where too few of a compound's buildings say.
    min_known_levels: that many buildings with levels or height let their median stand for the others.
    min_footprint_m2: a building of unknown use is taken as housing from here on. Below it, there is no room
    for a staircase and two small flats: guard huts, sheds, bin houses, substations.
    charging_share: share of vehicles that want a shared port at all.
    """

    vehicle: str = "ebike"
    ebikes_per_household: float = 1.0
    evs_per_household: float = 0.05
    m2_per_household: float = 92.5
    default_levels: float = 5.0
    min_known_levels: int = 3
    min_footprint_m2: float = 60.0
    charging_share: float = 1.0

    def __post_init__(self) -> None:
        """Refuse an unknown vehicle and figures that cannot be."""
        if self.vehicle not in _VEHICLES:
            message = f"vehicle {self.vehicle!r} is unknown; choose one of {', '.join(_VEHICLES)}"
            raise UsageError(message)
        for name in ("ebikes_per_household", "evs_per_household", "min_footprint_m2"):
            self._refuse_unless(0.0 <= getattr(self, name) < np.inf, name, "0 or more")
        for name in ("m2_per_household", "default_levels"):
            self._refuse_unless(0.0 < getattr(self, name) < np.inf, name, "a positive number")
        self._refuse_unless(0.0 <= self.charging_share <= 1.0, "charging_share", "a share between 0 and 1")

    def _refuse_unless(self, fits: bool, name: str, wanted: str) -> None:
        if not fits:
            message = f"{name} is {getattr(self, name):g}; give {wanted}"
            raise UsageError(message)

    @property
    def count_column(self) -> str:
        """The column of compounds that holds a count of these vehicles, if there is one."""
        return "ebikes" if self.vehicle == "ebike" else "evs"

    @property
    def per_household(self) -> float:
        """Vehicles of the kind planned for, per household."""
        return self.ebikes_per_household if self.vehicle == "ebike" else self.evs_per_household


def estimate_demand(district: District, options: DemandOptions) -> Demand:
    """Return the vehicles that want a port, for each residential building inside a compound.

    Counted are buildings of residential use, and of unknown use from `min_footprint_m2` on; a kindergarten,
    garage, shed or shop is not. Estimated households are whole numbers; vehicles are not rounded.
    """
    compounds = district.compounds
    housing = _with_households(_with_floor_area(_housing(district, options), options), compounds, options)
    vehicles = _vehicles(housing, compounds, options)
    said = describe_demand(housing, compounds, options)
    return Demand(
        frame=pd.DataFrame(
            {
                "compound_id": housing["compound_id"],
                "households": housing["households"],
                "vehicles": vehicles * options.charging_share,
                "weight": compounds["weight"].astype(float).reindex(housing["compound_id"]).to_numpy(),
                "households_source": housing["households_source"],
            }
        ),
        vehicle=options.vehicle,
        assumptions=tuple(sentence.en for sentence in said),
        assumptions_zh=tuple(sentence.zh for sentence in said),
    )


def _housing(district: District, options: DemandOptions) -> gpd.GeoDataFrame:
    """Return the buildings that count, with their footprint."""
    buildings = district.buildings
    footprint_m2 = buildings.geometry.area
    large_enough = footprint_m2 >= options.min_footprint_m2
    housing = (buildings["use"] == "residential") | ((buildings["use"] == "unknown") & large_enough)
    inside = buildings["compound_id"].isin(district.compounds.index)
    return buildings.assign(footprint_m2=footprint_m2)[housing & inside].sort_index()


def _with_floor_area(housing: gpd.GeoDataFrame, options: DemandOptions) -> gpd.GeoDataFrame:
    """Add `levels_known` (by tag, layer or height) and `floor_m2`."""
    from_height = (housing["height_m"].astype(float) / _STOREY_M).round().clip(lower=1.0)
    own = housing["levels"].astype(float)
    own = own.where(own > 0).fillna(from_height)
    by_compound = own.groupby(housing["compound_id"])
    typical = by_compound.transform("median").where(by_compound.transform("count") >= options.min_known_levels)
    levels = own.fillna(typical).fillna(options.default_levels)
    return housing.assign(levels_known=own.notna(), floor_m2=housing["footprint_m2"] * levels)


def _with_households(
    housing: gpd.GeoDataFrame, compounds: gpd.GeoDataFrame, options: DemandOptions
) -> gpd.GeoDataFrame:
    """Fill `households` and `households_source`; add `split`: taken from the compound's figure."""
    own = housing["households"].astype(float).to_numpy()
    floor_m2, home = housing["floor_m2"].to_numpy(), housing["compound_id"].to_numpy()
    unknown = np.isnan(own)
    households = np.where(unknown, np.maximum(1.0, np.round(floor_m2 / options.m2_per_household)), own)
    split = np.zeros(len(own), dtype=bool)
    for compound_id, total in compounds["households"].dropna().astype(float).items():
        inside = home == compound_id
        rows = np.flatnonzero(inside & unknown)
        if len(rows):
            rest = max(0.0, total - own[inside & ~unknown].sum())
            households[rows] = _apportion(rest, floor_m2[rows])
            split[rows] = True
    source = [
        Source.ESTIMATE.value if guessed else given if isinstance(given, str) else origin
        for guessed, given, origin in zip(unknown, housing["households_source"], housing["source"], strict=True)
    ]
    return housing.assign(households=households, households_source=source, split=split)


def _apportion(total: float, shares: Floats) -> Floats:
    """Split `total` by `shares` into whole numbers that add up to it (largest remainders; ties by position)."""
    exact = total * shares / shares.sum()
    whole = np.floor(exact)
    missing = round(total - whole.sum())
    order = np.lexsort((np.arange(len(exact)), -(exact - whole)))
    whole[order[:missing]] += 1.0
    return np.asarray(whole, dtype=float)


def _vehicles(housing: gpd.GeoDataFrame, compounds: gpd.GeoDataFrame, options: DemandOptions) -> Floats:
    """Return vehicles by household rate, scaled to a compound's own count where there is one."""
    home, households = housing["compound_id"].to_numpy(), housing["households"].to_numpy()
    vehicles = households * options.per_household
    for compound_id, count in compounds[options.count_column].dropna().astype(float).items():
        inside = home == compound_id
        total = households[inside].sum()
        if total > 0:
            vehicles[inside] = count * households[inside] / total
    return np.asarray(vehicles, dtype=float)
