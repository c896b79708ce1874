"""The audit: a written plan, or sites that somebody drew, measured again from the facts on a second road.

No zones, no spatial index, no solver, and none of the code that made the plan: only the clauses, the
catalogue's figures and the tables' contracts are shared. Every check is a function of its own with codes of
its own (`siting.plan.audit_law`, `_places`, `_sums`, `_power`, `_walking`).
"""

import json
from collections.abc import Mapping
from itertools import chain
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd

from siting.district.record import District
from siting.errors import DataError
from siting.kinds import Kind, Outcome
from siting.plan.audit_access import check_joint_access
from siting.plan.audit_attested import check_attestations, exemptions_at
from siting.plan.audit_cables import check_cables
from siting.plan.audit_demand import demand_again
from siting.plan.audit_equipment import said_of
from siting.plan.audit_figures import KindFigures, figures_of
from siting.plan.audit_garages import check_garages, with_floors
from siting.plan.audit_law import (
    check_breaches,
    check_ledger,
    check_offer,
    check_outcomes,
    measure_all,
    sampled_candidates,
    subjects_of,
)
from siting.plan.audit_limits import check_limits
from siting.plan.audit_measures import Subject, bounds_and_relief, granted_at, things_by_class
from siting.plan.audit_moves import check_moves
from siting.plan.audit_page import audit_page
from siting.plan.audit_paths import check_paths
from siting.plan.audit_places import (
    check_candidates,
    check_clearances,
    check_compounds,
    check_copy,
    check_gaps,
    check_ground,
    check_ids,
    check_overlaps,
)
from siting.plan.audit_power import check_feeds, check_loads
from siting.plan.audit_programme import check_programme, funded_part, has_years, with_yearly_walks
from siting.plan.audit_reading import Facts, RunFolder, facts_of, read_run_folder, rulebook_of
from siting.plan.audit_record import AuditReport, Checked, Finding, collect
from siting.plan.audit_scenarios import check_scenarios
from siting.plan.audit_sums import (
    check_capacity,
    check_facts,
    check_inputs,
    check_layouts,
    check_rulebook,
    check_service,
    check_settings,
    check_spending,
    check_totals,
)
from siting.plan.audit_waived import check_waivers, waived_pairs
from siting.plan.audit_walking import check_links, check_walks
from siting.rules.clause import Rulebook

__all__ = ["AuditReport", "Finding", "audit_run", "audit_sites", "write_audit"]


def audit_run(folder: Path) -> AuditReport:
    """Audit a written run folder; a missing, broken or strangely filled file raises `DataError` with one line."""
    try:
        return _audit_folder(folder)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        # the files can hold anything; what has no place in a run's files surfaces as one of these
        message = f"{folder}: holds values that siting does not write ({type(error).__name__}: {error}); plan it again"
        raise DataError(message) from error


def _audit_folder(folder: Path) -> AuditReport:
    run = read_run_folder(folder)
    rulebook = rulebook_of(run.settings)
    figures = figures_of(run.settings.catalogue)
    things = things_by_class(run.facts, rulebook)
    others, left_out = sampled_candidates(run)
    at_sites = measure_all(subjects_of(run, run.sites.index.unique(), run.sites), rulebook, things, figures)
    at_others = measure_all(subjects_of(run, others, run.candidates), rulebook, things, figures)
    used = exemptions_at(
        subjects_of(run, run.sites.index.unique(), run.sites),
        rulebook,
        things,
        lambda clause, thing, kind: bounds_and_relief(clause, thing, kind, figures[kind].fire_class),
    )
    granted = granted_at(subjects_of(run, run.sites.index.unique(), run.sites), rulebook, things, figures)
    waived = waived_pairs(run, map(str, run.candidates.index.unique())) if run.settings.waivers else {}
    demand = demand_again(run.facts, run.settings.rates)
    walked = with_yearly_walks(run)
    walks, notes = check_walks(walked)
    paths, more_notes = check_paths(run)
    cables, cable_notes = check_cables(run, figures)
    checked = collect(
        (
            check_breaches(at_sites, rulebook, run.settings.admit, waived),
            check_waivers(run, at_sites, waived),
            check_joint_access(run, rulebook, things),
            check_ledger(run, rulebook, pd.concat([at_sites, at_others])),
            check_outcomes(run, at_sites, waived),
            check_offer(run, waived),
            check_attestations(run, chain(used, granted)),
            check_moves(run, rulebook, things, figures),
            *_check_places(run, rulebook),
            *_check_sums(funded_part(run), rulebook, demand, figures),
            check_programme(run, demand, figures),
            check_scenarios(run, demand, figures),
            check_links(walked),
            walks,
            paths,
            cables,
        )
    )
    return AuditReport(checked.findings, checked.checks, at_sites, left_out + notes + more_notes + cable_notes)


def audit_sites(
    sites: gpd.GeoDataFrame, district: District, rulebook: Rulebook, *, kind: Kind | None = None
) -> AuditReport:
    """Audit drawn sites (polygons or points, index site_id, any CRS) by the law alone: clauses, overlaps and gaps.

    A site's kind is its `kind` column, else `kind`. What is not drawn (groups, bays, sockets) is not evaluated.
    Raises `DataError` for a site without a kind, a geometry or a CRS.
    """
    if sites.crs is None:
        message = "the drawn sites have no CRS; declare one in the file"
        raise DataError(message)
    facts = facts_of(district)
    subjects = [_drawn(site_id, row, kind, facts) for site_id, row in sites.to_crs(district.crs).iterrows()]
    things = things_by_class(facts, rulebook)
    figures = {kind: _drawn_figures(facts.signed.get(kind.value, {})) for kind in Kind}
    verdicts = measure_all(subjects, rulebook, things, figures)
    refusing: tuple[Outcome, ...] = ()
    kinds = [subject.kind.value for subject in subjects]
    shapes = [subject.footprint for subject in subjects]
    names = [subject.site_id for subject in subjects]
    held = gpd.GeoDataFrame({"kind": kinds}, geometry=shapes, index=names, crs=district.crs)
    checked = collect((check_breaches(verdicts, rulebook, refusing), check_overlaps(held), check_gaps(held, rulebook)))
    return AuditReport(checked.findings, checked.checks, verdicts)


def write_audit(report: AuditReport, folder: Path) -> None:
    """Write audit.json and audit.html into an existing folder; the same report gives the same bytes."""
    text = json.dumps(report.as_dict(), ensure_ascii=False, allow_nan=False, indent=2, sort_keys=True)
    (folder / "audit.json").write_text(text + "\n", encoding="utf-8", newline="\n")
    (folder / "audit.html").write_text(audit_page(report), encoding="utf-8", newline="\n")


def _check_places(run: RunFolder, rulebook: Rulebook) -> tuple[Checked, ...]:
    sites = with_floors(run.sites, run.facts.tables["parking"])
    return (
        check_ids(run),
        check_candidates(run),
        check_overlaps(sites),
        check_gaps(sites, rulebook),
        check_compounds(run),
        check_ground(run),
        check_clearances(run),
        check_copy(run),
    )


def _check_sums(
    run: RunFolder, rulebook: Rulebook, demand: Mapping[str, float], figures: Mapping[Kind, KindFigures]
) -> tuple[Checked, ...]:
    return (
        check_settings(run, figures),
        check_rulebook(run, rulebook),
        check_inputs(run),
        check_facts(run),
        check_layouts(run),
        *(() if has_years(run) else (check_spending(run),)),
        check_capacity(run, figures),
        check_garages(run),
        check_service(run, demand),
        check_totals(run, demand),
        check_limits(run, demand),
        check_feeds(run),
        check_loads(run, figures),
    )


def _drawn_figures(signed: Mapping[str, Any]) -> KindFigures:
    return KindFigures(fire_class=str(signed["fire_class"][0])) if "fire_class" in signed else KindFigures()


def _drawn(site_id: Any, row: Any, kind: Kind | None, facts: Facts) -> Subject:
    own = row.get("kind")
    if isinstance(own, str):
        kind = Kind.create(own)
    if kind is None:
        message = f"drawn site {site_id} has no kind; add a column kind or name one kind for all"
        raise DataError(message)
    shape = row.geometry
    if shape is None or shape.is_empty or not shape.is_valid:
        message = f"drawn site {site_id} has no valid geometry; draw it again"
        raise DataError(message)
    said = said_of(facts.signed, (kind.value, row.get("compound_id"), site_id))
    return Subject(site_id=str(site_id), kind=kind, footprint=shape, said=said)
