"""National -> province -> city: what a local clause replaces, and what it may not loosen.

A local clause replaces the clause above it that measures the same (metric, object, condition) for the same kinds. It
never loosens a stricter must: the must stays, the local clause is left out where it adds nothing, and a finding
says so.
"""

from collections.abc import Iterable
from dataclasses import replace
from difflib import get_close_matches

from siting.errors import RuleError
from siting.rules.clause import Clause, Force, Metric

__all__ = ["inherit", "raise_to_must"]

_RANK = {Force.INTERPRETATION: 0, Force.PRACTICE: 1, Force.SHOULD: 2, Force.MUST: 3}
_DISTANCES = frozenset((Metric.SEPARATION, Metric.SEPARATION_BY_CLASS))


def inherit(above: tuple[Clause, ...], local: tuple[Clause, ...]) -> tuple[tuple[Clause, ...], tuple[str, ...]]:
    """Return the clauses in force after `local` is laid over `above`, and the findings.

    A clause that is replaced, or left out, for some of its kinds only is kept for the others.
    """
    kept: list[Clause] = list(above)
    findings: list[str] = []
    added: list[Clause] = []
    for clause in local:
        mine = clause
        for position, other in enumerate(kept):
            if not _same_question(other, clause) or not _shared(other, mine):
                continue
            looser = other.force is Force.MUST and _weaker(clause, other)
            if looser and _covers(other, clause):
                if not _stricter(clause, other):
                    mine = _without(mine, other)  # it adds nothing: what it asks is asked already, with more force
                    findings.append(_finding(clause, other))
            elif not looser and _replaces(clause, other):  # a must for some cases stays beside a looser one for all
                kept[position] = _without(other, mine)
        if mine.kinds:
            added.append(mine)
    return tuple(clause for clause in (*kept, *added) if clause.kinds), tuple(findings)


def raise_to_must(
    clauses: tuple[Clause, ...], wanted: Iterable[str], set_aside: Iterable[Clause] = ()
) -> tuple[tuple[Clause, ...], tuple[tuple[str, Force], ...]]:
    """Return the clauses with those musts that a planner wants treated so, and what force each has of its own.

    `wanted` are forces or ids. One that is in `set_aside` (of another day or stage) is no fault: it is not asked.
    """
    names = tuple(wanted)
    forces = [force.value for force in Force if force is not Force.MUST]
    known = [*forces, *(clause.clause_id for clause in clauses), *(clause.clause_id for clause in set_aside)]
    for name in names:
        if name not in known:
            close = get_close_matches(name, known, n=1)
            hint = f"did you mean {close[0]!r}?" if close else f"name {', '.join(forces)} or a clause of the profile"
            message = f"rules.require: {name!r} is no force and no clause of this profile; {hint}"
            raise RuleError(message)
    raised = tuple(
        (clause.clause_id, clause.force)
        for clause in clauses
        if clause.force is not Force.MUST and (clause.force.value in names or clause.clause_id in names)
    )
    own = dict(raised)
    return tuple(_as_must(clause) if clause.clause_id in own else clause for clause in clauses), raised


def _as_must(clause: Clause) -> Clause:
    said = f"Treated as a must by the study; of its own it is {clause.force.value}."
    return replace(clause, force=Force.MUST, note=f"{clause.note} {said}".strip())


def _same_question(above: Clause, local: Clause) -> bool:
    same_metric = above.metric is local.metric or {above.metric, local.metric} <= _DISTANCES
    return same_metric and above.to == local.to and above.systems == local.systems


def _covers(above: Clause, local: Clause) -> bool:
    """Return whether the clause above is asked in every case that the local one speaks of."""
    return dict(above.when) in ({}, dict(local.when))


def _shared(above: Clause, local: Clause) -> bool:
    return any(kind in above.kinds for kind in local.kinds)


def _replaces(local: Clause, above: Clause) -> bool:
    """Return whether the local clause speaks of every case of the one above, with at least its force."""
    every_case = dict(local.when) in ({}, dict(above.when)) and local.applies_to in ("both", above.applies_to)
    return every_case and local.metric is above.metric and _RANK[local.force] >= _RANK[above.force]


def _weaker(local: Clause, above: Clause) -> bool:
    return _RANK[local.force] < _RANK[above.force] or _stricter(above, local)


def _stricter(one: Clause, other: Clause) -> bool:
    """Return whether `one` may ask more than `other` of some place."""
    if one.op == ">=":
        return _figures(one)[1] > _figures(other)[1]
    return _figures(one)[0] < _figures(other)[0]


def _figures(clause: Clause) -> tuple[float, float]:
    figures = tuple(clause.values.values()) if clause.value is None else (clause.value,)
    return min(figures), max(figures)


def _without(clause: Clause, other: Clause) -> Clause:
    return replace(clause, kinds=tuple(kind for kind in clause.kinds if kind not in other.kinds))


def _finding(local: Clause, above: Clause) -> str:
    return (
        f"{local.clause_id} ({local.force.value}, {_said(local)}) would loosen {above.clause_id} "
        f"({above.force.value}, {_said(above)}; {above.jurisdiction}); {above.clause_id} stays in force"
    )


def _said(clause: Clause) -> str:
    low, high = _figures(clause)
    figures = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    return f"{clause.op} {figures} {clause.unit}"
