"""Options: the candidates offered, footprints that fit the free ground, thinned to dozens a compound.

For each compound three nested grounds are searched: what is open at all, what no must clause surely forbids, and
what every must clause surely allows. Most candidates come from the last; a few from the other two stay in the
table so that the ledger can say why not there, and so that a planner may admit an uncertain place by name.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from siting import tables
from siting.contract import Table
from siting.kinds import Kind
from siting.rules.equipment import walls_of_kind
from siting.sites.catalogue import Catalogue
from siting.sites.drawn import drawn_offers, notes_on_other_kinds, standing_facts
from siting.sites.garages import garage_zones
from siting.sites.ground import OPEN_GROUND_KINDS, bare_shares
from siting.sites.layouts import Layout, group_limits, layouts_for
from siting.sites.offers import Offer, Search, offers_of_kind
from siting.sites.record import Candidates, Zones

__all__ = ["DEFAULT_SIZES", "CandidateOptions", "offer_candidates"]

#: Bays tried per place; rounded down to whole modules.
DEFAULT_SIZES: Mapping[Kind, tuple[int, ...]] = MappingProxyType(
    {
        Kind.EBIKE_OPEN: (10, 20, 40, 60, 120),
        Kind.EBIKE_SHED: (10, 20, 40, 60, 120),
        Kind.EBIKE_CABINET: (10, 20),
        Kind.EV_SURFACE: (2, 4, 8, 12),
        Kind.EV_GARAGE: (2, 4, 8, 12, 20),
    }
)

_SIGN_NEAR_M = 10.0
_BARE_SHARE = 0.05  # of a compound: less is a garden, not a gap in the map


@dataclass(frozen=True, kw_only=True)
class CandidateOptions:
    """How densely to search, and how many candidates of one kind to keep in one compound.

    `max_per_compound` bounds those searched on ground that every must clause allows: 40 are usual, more are kept only
    where the ground holds more places; `refused_per_compound` at most are kept beside them from uncertain and from
    forbidden ground, for the ledger. E-bikes are parked no
    farther than `near_building_m` from some building: beyond, an empty map says nothing. Steps are metres.
    """

    max_per_compound: int = 400
    refused_per_compound: int = 10
    sizes: Mapping[Kind, tuple[int, ...]] = field(default_factory=lambda: DEFAULT_SIZES)
    edge_step_m: float = 2.0
    grid_step_m: float = 4.0
    parking_reach_m: float = 30.0
    near_building_m: float = 60.0


def offer_candidates(zones: Zones, catalogue: Catalogue, options: CandidateOptions | None = None) -> Candidates:
    """Offer candidates of every kind of `zones`: sorted by id, each with its groups, ports, power and cost.

    Compounds marked "survey first" get none: what looks like free ground there may be an unmapped building. What a
    planner drew is offered beside them under its own id, where the ground is free.
    """
    options = options or CandidateOptions()
    records: list[dict[str, Any]] = []
    groups: list[dict[str, Any]] = []
    notes = _notes_on_compounds(zones)
    if set(zones.kinds) & set(OPEN_GROUND_KINDS):
        notes.extend(_notes_on_bare_ground(zones, options.near_building_m))
    taken: dict[str, int] = {}
    for kind in zones.kinds:
        lawful: set[str] = set()
        for offer in _offers(zones, kind, catalogue, options):
            number = taken[offer.compound_id] = taken.get(offer.compound_id, 0) + 1
            candidate_id = f"{offer.compound_id}#s{number:02d}"
            records.append(_record(candidate_id, offer, catalogue))
            groups.extend(_group_records(candidate_id, offer))
            if offer.is_lawful:
                lawful.add(offer.compound_id)
        for candidate_id, offer in drawn_offers(zones, kind, catalogue, notes):
            records.append(_record(candidate_id, offer, catalogue) | standing_facts(zones, candidate_id, notes))
            groups.extend(_group_records(candidate_id, offer))
        notes.extend(_notes_on_kind(kind, zones, lawful))
    notes.extend(notes_on_other_kinds(zones))
    frame = _table(records, tables.CANDIDATES, zones)
    return Candidates(
        frame=frame,
        groups=_table(groups, tables.GROUPS, zones),
        zones=zones,
        catalogue=catalogue,
        notes=(*notes, *_notes_on_signs(zones, frame)),
    )


def _notes_on_signs(zones: Zones, frame: gpd.GeoDataFrame) -> list[str]:
    """Return notes on candidates near the sign of a building that is not mapped; it refuses none of them."""
    signs = zones.district.signs
    if signs is None or signs.empty or frame.empty:
        return []
    ground = frame[frame["kind"] != Kind.EV_GARAGE.value]
    row, near = shapely.STRtree(signs.geometry.to_numpy()).query(
        ground.geometry.to_numpy(), predicate="dwithin", distance=_SIGN_NEAR_M
    )
    said = []
    for at in sorted(set(near.tolist())):
        names = sorted(set(ground.index[row[near == at]]))
        some = ", ".join(map(str, names[:5])) + (", ..." if len(names) > 5 else "")
        said.append(
            f"{signs.index[at]} ({signs['kind'].iloc[at]}): stands in no mapped building; {len(names)} candidates lie "
            f"within {_SIGN_NEAR_M:g} m of it ({some}); look whether a building is missing from the map"
        )
    return said


def _offers(zones: Zones, kind: Kind, catalogue: Catalogue, options: CandidateOptions) -> Iterator[Offer]:
    figures = catalogue.kind(kind)
    limits = group_limits(zones.rulebook, kind, figures, partial(walls_of_kind, district=zones.district, kind=kind))
    layouts: Sequence[Layout] = layouts_for(kind, figures, limits, options.sizes.get(kind, ()))
    if not layouts:
        return iter(())
    search = Search(
        kind=kind,
        layouts=tuple(layouts),
        gap_m=limits.place_gap_m,
        edge_step_m=options.edge_step_m,
        grid_step_m=options.grid_step_m,
        most=options.max_per_compound,
        most_refused=options.refused_per_compound,
        parking_reach_m=options.parking_reach_m,
        near_building_m=options.near_building_m,
    )
    return offers_of_kind(zones, catalogue, search)


def _record(candidate_id: str, offer: Offer, catalogue: Catalogue) -> dict[str, Any]:
    figures = catalogue.kind(offer.layout.kind)
    modules = offer.layout.bays // figures.ports_per_module
    ports = modules * figures.ports_per_module
    open_cost_cny = round(figures.open_cost_cny(offer.layout.bays), 2)
    garage = {"garage_id": offer.garage_id} if offer.layout.kind is Kind.EV_GARAGE else {}
    return {
        "candidate_id": candidate_id,
        "compound_id": offer.compound_id,
        "place_id": offer.place_id,
        "kind": offer.layout.kind.value,
        **garage,
        "bays": offer.layout.bays,
        "groups": len(offer.layout.groups),
        "ports_per_module": figures.ports_per_module,
        "max_modules": modules,
        "ports": ports,
        "power_kw": ports * figures.port_kw,
        "open_cost_cny": open_cost_cny,
        "module_cost_cny": figures.module_cost_cny,
        "cost_cny": round(open_cost_cny + modules * figures.module_cost_cny, 2),
        "geometry": offer.footprint,
    }


def _group_records(candidate_id: str, offer: Offer) -> list[dict[str, Any]]:
    return [
        {
            "group_id": f"{candidate_id}.g{number}",
            "candidate_id": candidate_id,
            "bays": bays,
            "length_m": length_m,
            "geometry": shape,
        }
        for number, ((_, length_m, bays), shape) in enumerate(
            zip(offer.layout.groups, offer.group_shapes, strict=True), start=1
        )
    ]


def _table(records: list[dict[str, Any]], table: Table, zones: Zones) -> gpd.GeoDataFrame:
    crs = zones.district.crs
    if not records:
        return table.empty(crs)
    frame = pd.DataFrame(records).set_index(table.index)
    frame.index = frame.index.astype(object)
    if "garage_id" in frame:  # beside sites on the ground, which have none
        frame["garage_id"] = frame["garage_id"].astype(object).where(frame["garage_id"].notna(), None)
    return gpd.GeoDataFrame(frame, geometry="geometry", crs=crs).sort_index()


def _notes_on_compounds(zones: Zones) -> list[str]:
    compounds = zones.district.compounds
    waiting = compounds[compounds["state"] == "survey_first"]
    return [
        f"{compound_id}{f' ({name})' if isinstance(name, str) else ''}: survey first, buildings cover only "
        f"{share:.1%} of it on the map, so its open ground is not known to be free; no candidates"
        for compound_id, name, share in zip(
            waiting.index, waiting["name"], waiting["building_cover_share"], strict=True
        )
    ]


def _notes_on_bare_ground(zones: Zones, reach_m: float) -> list[str]:
    shares = bare_shares(zones.district, reach_m)
    return [
        f"{compound_id}: {share:.0%} of its ground lies more than {reach_m:g} m from any mapped building and may hold "
        "unmapped ones; nothing is offered there until it is surveyed"
        for compound_id, share in shares[shares >= _BARE_SHARE].items()
    ]


def _notes_on_kind(kind: Kind, zones: Zones, lawful: set[str]) -> list[str]:
    compounds = zones.district.compounds
    if kind is Kind.EV_GARAGE:
        return _notes_on_garages(zones, lawful)
    without = [each for each in compounds.index[compounds["state"] == "ready"] if each not in lawful]
    what = "ground" if kind in OPEN_GROUND_KINDS else "mapped surface car park in or beside it"
    return [f"{compound_id}: no {what} on which every must clause on {kind} surely passes" for compound_id in without]


def _notes_on_garages(zones: Zones, lawful: set[str]) -> list[str]:
    garages = garage_zones(zones.district)
    if garages.empty:
        return ["ev_garage: no garage has zones of stalls; give them as a layer garage_zones to plan in garages"]
    bare = [str(name) for name in garages.index[~garages["compound_id"].isin(list(lawful))]]
    what = "no row of stalls with its aisle fits; draw the zone with its aisles, or the garage around it as parking"
    return [f"{name}: {what}" for name in bare]
