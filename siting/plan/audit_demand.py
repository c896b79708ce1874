"""Audit of demand: the vehicles of every building, reckoned again from plan.gpkg one building at a time.

Households are the building's own figure, else its share (by floor area, largest remainders) of what its
compound's figure leaves, else floor area over `m2_per_household`. Storeys are the building's own, else its
height over 3 m, else the median of its compound if three buildings say, else `default_levels`. Vehicles are
households times the rate, scaled to the compound's own count where it has one.
"""

import math
from collections.abc import Mapping
from statistics import median
from typing import Any

from siting.plan.audit_reading import DemandRates, Facts
from siting.plan.audit_record import number

__all__ = ["demand_again"]

_STOREY_M = 3.0
_SAYING_BUILDINGS = 3
_SMALLEST_M2 = 60.0  # of a building of unknown use


def demand_again(facts: Facts, rates: DemandRates) -> dict[str, float]:
    """Return the vehicles of every residential building inside a compound, by building id."""
    compounds = facts.tables["compounds"]
    homes: dict[str, list[Any]] = {str(compound_id): [] for compound_id in compounds.index}
    for building in facts.tables["buildings"].itertuples():
        housing = building.use == "residential" or (
            building.use == "unknown" and building.geometry.area >= _SMALLEST_M2
        )
        if housing and building.compound_id in homes:
            homes[building.compound_id].append(building)
    vehicles: dict[str, float] = {}
    for compound in compounds.itertuples():
        counted = number(compound.ebikes if rates.vehicle == "ebike" else compound.evs)
        vehicles |= _vehicles(homes[compound.Index], number(compound.households), counted, rates)
    return dict(sorted(vehicles.items()))


def _vehicles(
    buildings: list[Any], figure: float | None, counted: float | None, rates: DemandRates
) -> Mapping[str, float]:
    households = _households(buildings, figure, rates)
    total = math.fsum(households.values())
    if counted is not None and total > 0:
        return {building_id: counted * count / total for building_id, count in households.items()}
    return {building_id: count * rates.per_household for building_id, count in households.items()}


def _households(buildings: list[Any], figure: float | None, rates: DemandRates) -> dict[str, float]:
    levels = _levels(buildings, rates.default_levels)
    households: dict[str, float] = {}
    guessed: list[tuple[str, float]] = []
    for building in buildings:
        own = number(building.households)
        if own is None:
            guessed.append((building.Index, building.geometry.area * levels[building.Index]))
        else:
            households[building.Index] = own
    if figure is None:
        # Halves go to the even number, as numpy rounds.
        return households | {name: max(1.0, float(round(area / rates.m2_per_household))) for name, area in guessed}
    return households | _split(max(0.0, figure - math.fsum(households.values())), guessed)


def _levels(buildings: list[Any], default: float) -> dict[str, float]:
    own: dict[str, float] = {}
    for building in buildings:
        storeys, height_m = number(building.levels), number(building.height_m)
        if storeys is not None and storeys > 0:
            own[building.Index] = storeys
        elif height_m is not None:
            own[building.Index] = max(1.0, float(round(height_m / _STOREY_M)))
    usual = median(own.values()) if len(own) >= _SAYING_BUILDINGS else default
    return {building.Index: own.get(building.Index, usual) for building in buildings}


def _split(total: float, shares: list[tuple[str, float]]) -> dict[str, float]:
    """Split `total` into whole numbers by share; the largest remainders get the rest, ties by id."""
    if not shares:
        return {}
    whole_m2 = math.fsum(area for _, area in shares)
    exact = {name: total * area / whole_m2 for name, area in sorted(shares)}
    whole = {name: float(math.floor(value)) for name, value in exact.items()}
    rest = round(total - math.fsum(whole.values()))
    for name in sorted(exact, key=lambda item: (whole[item] - exact[item], item))[:rest]:
        whole[name] += 1.0
    return whole
