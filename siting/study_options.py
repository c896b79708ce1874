"""What a study asks of each stage, in that stage's own words: the seam between the file and the flow."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from siting.access.demand import DemandOptions
from siting.access.openings import Boundary
from siting.access.sharing import Group, Sharing
from siting.access.streets import Slopes
from siting.access.turnover import Turnover
from siting.access.walking import GroundModel, WalkOptions
from siting.district.attestation import facility_overrides
from siting.district.build import CompoundSource, SourceOptions
from siting.district.layer_spec import DxfAnchor, DxfMapping, LayerSpec
from siting.district.layer_weight import WeightFormula
from siting.district.record import District
from siting.errors import StudyError
from siting.framing_limits import Floor, Limits, Quota
from siting.kinds import Kind
from siting.model.block import SearchLimits
from siting.model.goal import Aim
from siting.model.solver import SolverOptions
from siting.plan.plan import Plan
from siting.study import Study
from siting.study_sections import LayerSection

__all__ = [
    "demand_options",
    "figures_of",
    "limits_of",
    "parameters_of",
    "search_limits",
    "solver_options",
    "source_options",
    "turnover_of",
    "walk_options",
]


def source_options(study: Study) -> SourceOptions:
    """Return what the facts are read from: OpenStreetMap, then the planner's layers over it."""
    source = study.source
    return SourceOptions(
        osm=source.osm,
        name=study.name,
        layers=tuple(map(_layer_spec, study.layers)),
        compounds_from=CompoundSource(source.compounds),
        bbox_deg=source.bbox_deg,
        halo_m=source.halo_m,
        position_error_m=source.position_error_m,
        surveyed=source.surveyed,
        weights=WeightFormula(**study.demand.weight.model_dump()),
    )


def _layer_spec(section: LayerSection) -> LayerSpec:
    """Return one layer of a study as what the facts' stage reads."""
    drawing = section.dxf
    mapping = None
    if drawing is not None:
        anchor = None if drawing.anchor is None else DxfAnchor(**drawing.anchor.model_dump())
        mapping = DxfMapping(**(drawing.model_dump() | {"anchor": anchor}))
    return LayerSpec(
        role=section.role,
        path=section.path,
        url=section.url,
        crs=section.crs,
        layer_name=section.layer,
        dxf=mapping,
    )


def figures_of(study: Study, district: District) -> Mapping[str, Mapping[str, Any]]:
    """Return the planner's figures over the catalogue: those of the study, and what was signed for of a kind."""
    figures = {kind: dict(values) for kind, values in study.facility.catalogue.items()}
    for kind, values in facility_overrides(district.attestations).items():
        held = figures.setdefault(kind, {})
        for key, value in values.items():
            if held.setdefault(key, value) != value:
                message = f"facility.catalogue.{kind}.{key} = {held[key]!r}, but an attestation says {value!r}"
                raise StudyError(message)
    return figures


def demand_options(study: Study) -> DemandOptions:
    """Return how demand is estimated."""
    section = study.demand
    options = DemandOptions(
        vehicle=study.facility.vehicle,
        ebikes_per_household=section.ebikes_per_household,
        m2_per_household=section.m2_per_household,
        default_levels=section.default_levels,
    )
    if section.evs_per_household is None:
        return options
    return replace(options, evs_per_household=section.evs_per_household)


def turnover_of(study: Study) -> Turnover | None:
    """Return how ports are used, where the study models it."""
    section = study.demand.turnover
    return None if section is None else Turnover(**section.model_dump())


def walk_options(study: Study) -> WalkOptions:
    """Return who may walk where, and how far."""
    section = study.reach
    return WalkOptions(
        radius_m=section.radius_m,
        sharing=Sharing(section.sharing),
        groups=tuple(Group(group.name, group.compounds) for group in section.groups),
        neighbour_m=section.neighbour_m,
        ground=GroundModel(section.ground),
        boundary=Boundary(section.boundary),
        max_leg_m=section.max_leg_m,
        slopes=Slopes(factor=section.slope_factor, steep_percent=section.steep_percent),
    )


def limits_of(study: Study) -> Limits:
    """Return the goal and the limits of a study."""
    limits = study.limits
    return Limits(
        budget_cny=limits.budget_cny,
        locked_in=limits.locked_in,
        locked_out=limits.locked_out,
        aim=Aim(study.goal.aim),
        service_share=study.goal.service_share,
        floor_share=limits.floor_share,
        floors=tuple(Floor(**item.model_dump()) for item in limits.floors),
        least_sites=limits.least_sites,
        most_sites=limits.most_sites,
        walking_km=limits.walking_km,
        quotas=tuple(Quota(**item.model_dump()) for item in limits.quotas),
        turnover=turnover_of(study),
    )


def solver_options(study: Study) -> SolverOptions:
    """Return the solver's options of a study."""
    section = study.solver
    return SolverOptions(
        name=section.name,
        gap=section.gap,
        time_limit_s=section.time_limit_s,
        seed=section.seed,
        workers=section.workers,
    )


def search_limits(study: Study) -> SearchLimits:
    """Return when the search for a programme may stop."""
    return SearchLimits(gap=study.solver.gap, seconds=study.solver.time_limit_s, seed=study.solver.seed)


def parameters_of(study: Study, plan: Plan) -> dict[str, object]:
    """Return what a run states of its study beside the study itself."""
    catalogue = plan.framing.links.verdicts.candidates.catalogue
    by_kind = {kind: catalogue.kind(Kind(kind)).vehicles_per_port for kind in study.facility.kinds}
    figures = set(by_kind.values())
    return {
        "kinds": list(study.facility.kinds),
        "radius_m": study.reach.radius_m,
        "sharing": study.reach.sharing,
        "ground": study.reach.ground,
        "boundary": study.reach.boundary,
        **_slopes_stated(study),
        "vehicle": study.facility.vehicle,
        "vehicles_per_port": figures.pop() if len(figures) == 1 else by_kind,
        "position_error_m": study.source.position_error_m,
        "admit": list(study.rules.admit),
        "goal": study.goal.aim,
        **_limits_stated(study),
        "budget_cny": study.limits.budget_cny,
        **({} if study.demand.turnover is None else {"turnover": study.demand.turnover.model_dump()}),
    }


def _slopes_stated(study: Study) -> dict[str, object]:
    """Return what steep ways count, where the study says so."""
    reach = study.reach
    if reach.slope_factor == 1.0:
        return {}
    return {"slope_factor": reach.slope_factor, "steep_percent": reach.steep_percent}


def _limits_stated(study: Study) -> dict[str, object]:
    """Return the limits that a study sets beyond money and locks; those that it does not set are left out."""
    limits = study.limits
    stated: dict[str, object] = {
        "service_share": study.goal.service_share,
        "floor_share": limits.floor_share or None,
        "floors": [item.model_dump() for item in limits.floors] or None,
        "least_sites": limits.least_sites or None,
        "most_sites": limits.most_sites,
        "walking_km": limits.walking_km,
        "quotas": {item.subdistrict: item.most for item in limits.quotas} or None,
    }
    return {name: value for name, value in stated.items() if value is not None}
