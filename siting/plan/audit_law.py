"""Audit of the law: every clause on every site measured again, and the ledger compared with it row by row."""

import math
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

import pandas as pd

from siting.kinds import Kind, Outcome
from siting.plan.audit_equipment import said_of
from siting.plan.audit_features import Things
from siting.plan.audit_figures import KindFigures
from siting.plan.audit_measures import Layout, Subject, measure_again
from siting.plan.audit_reading import RunFolder
from siting.plan.audit_record import Checked, Finding, number, rows_of
from siting.rules.clause import Clause, Force, Rulebook

__all__ = [
    "MOST_CANDIDATES",
    "check_breaches",
    "check_ledger",
    "check_offer",
    "check_outcomes",
    "measure_all",
    "sampled_candidates",
    "subjects_of",
]

#: Candidates that were not chosen, whose rows of the ledger are measured again; of more every n-th is taken.
MOST_CANDIDATES = 250

_MEASURED = 1e-6  # verdicts.csv keeps nine digits
_COLUMNS = ["site_id", "clause_id", "metric", "measured", "required", "unit", "tolerance", "outcome", "force",
            "feature_id"]  # fmt: skip
_RANK = {outcome.value: rank for rank, outcome in enumerate(Outcome)}  # worst first


def subjects_of(run: RunFolder, ids: Iterable[str], frame: Any) -> Iterator[Subject]:
    """Yield rows of `frame` (sites or candidates) with the groups that plan.gpkg draws for them."""
    groups: dict[str, list[Any]] = defaultdict(list)
    for group in run.groups.itertuples():
        groups[str(group.candidate_id)].append(group)
    unique = frame[~frame.index.duplicated()]
    for site_id in ids:
        row = unique.loc[site_id]
        held = groups.get(site_id, [])
        yield Subject(
            site_id=site_id,
            kind=Kind(row["kind"]),
            footprint=row.geometry,
            garage_id=row["garage_id"] if isinstance(row.get("garage_id"), str) else None,
            layout=Layout(
                bays=float(row["bays"]),
                groups=tuple(group.geometry for group in held),
                group_bays=tuple(float(group.bays) for group in held),
                group_length_m=tuple(float(group.length_m) for group in held),
            ),
            said=said_of(run.facts.signed, (row["kind"], row.get("compound_id"), row.get("place_id"), site_id)),
        )


def sampled_candidates(run: RunFolder) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return candidates that were not chosen and are measured again all the same, and a note if not all are."""
    others = [str(name) for name in run.candidates.index.unique() if name not in run.sites.index]
    step = max(1, math.ceil(len(others) / MOST_CANDIDATES))
    taken = tuple(others[::step])
    if step == 1:
        return taken, ()
    note = (
        f"Of {len(others)} candidates that were not chosen, 1 in {step} was measured again ({len(taken)}). "
        f"未选用的 {len(others)} 个候选点中,每 {step} 个抽查一个(共 {len(taken)} 个)。"
    )
    return taken, (note,)


def measure_all(
    subjects: Iterable[Subject], rulebook: Rulebook, things: Mapping[str, Things], figures: Mapping[Kind, KindFigures]
) -> pd.DataFrame:
    """Return the ledger of `subjects`, measured here and now: one row for each subject and clause of its kind."""
    rows = []
    for subject in subjects:
        for clause in rulebook.for_kind(subject.kind):
            reading = measure_again(clause, subject, things, figures[subject.kind])
            rows.append(
                (subject.site_id, clause.clause_id, clause.metric.value, reading.measured, reading.required,
                 clause.unit, reading.tolerance, reading.outcome.value, clause.force.value, reading.feature_id)
            )  # fmt: skip
    return pd.DataFrame(rows, columns=_COLUMNS)


def check_breaches(
    verdicts: pd.DataFrame, rulebook: Rulebook, admit: tuple[Outcome, ...], waived: Container[tuple[str, str]] = ()
) -> Checked:
    """Check that no must fails at a site, and that none is uncertain unless the study admits or waives it."""
    findings = []
    refused = {Outcome.FAIL.value, Outcome.UNCERTAIN.value} - {outcome.value for outcome in admit}
    musts = verdicts[verdicts["force"] == Force.MUST.value]
    for row in rows_of(musts[musts["outcome"].isin(refused)]):
        if (row.site_id, row.clause_id) in waived:
            continue
        clause = rulebook.clause(row.clause_id)
        failed = row.outcome == Outcome.FAIL.value
        at_en, at_zh = (
            (f" at {row.feature_id}", f",对象 {row.feature_id}") if isinstance(row.feature_id, str) else ("", "")
        )
        findings.append(
            Finding.say(
                "clause-broken" if failed else "clause-uncertain",
                f"site {row.site_id} {'breaks' if failed else 'may break'} {clause.clause_id} ({clause.title_en}): "
                f"{_figure(row.measured)} against {_asked(clause, row.required)}{at_en}",
                f"选定点 {row.site_id} {'违反' if failed else '可能违反'} {clause.clause_id}({clause.title_zh}):"
                f"实测 {_figure(row.measured)},要求 {_asked(clause, row.required)}{at_zh}",
                site_id=row.site_id,
                clause_id=row.clause_id,
                feature_id=row.feature_id,
                measured=row.measured,
                required=row.required,
                unit=row.unit,
            )
        )
    return Checked(tuple(findings), len(musts))


def check_ledger(run: RunFolder, rulebook: Rulebook, again: pd.DataFrame) -> Checked:
    """Check that verdicts.csv has a row for every clause of every candidate and says what `again` measured."""
    recorded = {(row.candidate_id, row.clause_id): row for row in rows_of(run.verdicts)}
    clauses = {kind: [clause.clause_id for clause in rulebook.for_kind(kind)] for kind in Kind}
    wanted = [
        (str(candidate_id), clause_id)
        for candidate_id, kind in run.candidates["kind"].items()
        for clause_id in clauses[Kind(kind)]
    ]
    findings = [
        _say("verdict-missing", key, "is not in verdicts.csv", "不在 verdicts.csv 中")
        for key in wanted
        if key not in recorded
    ]
    findings.extend(
        _say("verdict-unknown", key, "is no clause on a candidate of this run", "不是本方案候选点的条款")
        for key in sorted(set(recorded) - set(wanted))
    )
    for mine in rows_of(again):
        key = (mine.site_id, mine.clause_id)
        if key in recorded:
            findings.extend(_differences(key, recorded[key], mine))
    return Checked(tuple(findings), len(wanted) + 4 * len(again))


def check_offer(run: RunFolder, waived: Container[tuple[str, str]] = ()) -> Checked:
    """Check that candidates.geojson lists every candidate once, each with the worst of its musts in verdicts.csv."""
    musts = run.verdicts[run.verdicts["force"] == Force.MUST.value]
    worst: dict[str, str] = {}
    for candidate_id, clause_id, outcome in zip(
        musts["candidate_id"], musts["clause_id"], musts["outcome"], strict=True
    ):
        if (candidate_id, clause_id) in waived:
            continue
        held = worst.get(candidate_id, Outcome.PASS.value)
        worst[candidate_id] = min(held, outcome, key=lambda name: _RANK.get(name, -1))
    copy = run.candidates_copy
    claimed = dict(zip(copy["candidate_id"], copy["outcome"], strict=True)) if len(copy) else {}
    names = sorted({*map(str, run.candidates.index), *claimed})
    findings = []
    for name in names:
        mine = worst.get(name, Outcome.PASS.value) if name in run.candidates.index else None
        if claimed.get(name) != mine:
            findings.append(
                Finding.say(
                    "candidate-differs",
                    f"candidate {name} is {claimed.get(name)} in candidates.geojson; by verdicts.csv it is {mine}",
                    f"候选点 {name} 在 candidates.geojson 中为 {claimed.get(name)},按 verdicts.csv 应为 {mine}",
                    site_id=name,
                )
            )
    return Checked(tuple(findings), len(names))


def check_outcomes(run: RunFolder, again: pd.DataFrame, waived: Container[tuple[str, str]] = ()) -> Checked:
    """Check that the outcome written on a site is the worst of its musts."""
    findings = []
    musts = again[again["force"] == Force.MUST.value]
    for site_id, site in run.sites.iterrows():
        here = musts[musts["site_id"] == site_id]
        mine = [row.outcome for row in rows_of(here) if (row.site_id, row.clause_id) not in waived]
        worst = min(mine, key=lambda outcome: _RANK[outcome], default=Outcome.PASS.value)
        if site["outcome"] != worst:
            findings.append(
                Finding.say(
                    "outcome-differs",
                    f"site {site_id} is written down as {site['outcome']}; its musts measured again give {worst}",
                    f"选定点 {site_id} 记为 {site['outcome']},重新量算的强制条款结果为 {worst}",
                    site_id=str(site_id),
                )
            )
    return Checked(tuple(findings), len(run.sites))


def _differences(key: tuple[str, str], theirs: Any, mine: Any) -> Iterator[Finding]:
    if theirs.outcome != mine.outcome:
        yield _say("verdict-outcome", key, f"is recorded as {theirs.outcome}; measured again it is {mine.outcome}",
                   f"记为 {theirs.outcome},重新量算为 {mine.outcome}", feature_id=mine.feature_id,
                   measured=mine.measured, required=mine.required, unit=mine.unit)  # fmt: skip
    for name in ("measured", "required"):
        found, wanted = number(getattr(mine, name)), number(getattr(theirs, name))
        if not _agree(found, wanted):
            yield _say(f"verdict-{name}", key, f"has {name} {_figure(wanted)}; measured again {_figure(found)}",
                       f"的 {name} 记为 {_figure(wanted)},重新量算为 {_figure(found)}", feature_id=mine.feature_id,
                       measured=found, required=wanted, unit=mine.unit)  # fmt: skip


def _agree(one: float | None, other: float | None) -> bool:
    if one is None or other is None:
        return one is other
    return math.isclose(one, other, rel_tol=1e-9, abs_tol=_MEASURED)


def _asked(clause: Clause, required: Any) -> str:
    figure = number(required)
    return "" if figure is None else f"{clause.op} {figure:g} {clause.unit}".strip()


def _figure(value: Any) -> str:
    figure = number(value)
    return "-" if figure is None else f"{figure:.3f}"


def _say(code: str, key: tuple[str, str], what_en: str, what_zh: str, **figures: Any) -> Finding:
    candidate_id, clause_id = key
    return Finding.say(
        code,
        f"clause {clause_id} on {candidate_id} {what_en}",
        f"{candidate_id} 的条款 {clause_id} {what_zh}",
        site_id=candidate_id,
        clause_id=clause_id,
        **figures,
    )
