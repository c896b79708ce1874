"""The rulebook of a place on a day: profiles read, laid over one another, and cut to what is in force."""

from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import pandas as pd

from siting.errors import RuleError
from siting.rules.clause import Clause, Rulebook
from siting.rules.describe import condition_text, value_text
from siting.rules.inheritance import inherit, raise_to_must
from siting.rules.profile_file import Profile, read_profile

__all__ = ["STAGES", "available_profiles", "diff_rulebooks", "load_rulebook"]

_SUFFIX = ".toml"
#: What is planned: compounds that stand, or new ones.
STAGES = ("existing", "new")


def available_profiles() -> tuple[str, ...]:
    """Return the names of the built-in profiles, sorted."""
    return tuple(sorted(entry.name.removesuffix(_SUFFIX) for entry in _folder().iterdir() if _is_profile(entry)))


def load_rulebook(profile: str, *, on: date, stage: str = "existing", require: Iterable[str] = ()) -> Rulebook:
    """Return the clauses in force on a day for a built-in profile or a TOML file of one's own.

    `profile` is a name of `available_profiles` or a path that ends in .toml; a file's `parent` is a built-in name or
    a path from its own folder. `stage` is "existing" (compounds that stand) or "new". Parents come first; within a
    profile the order is the file's. `require` names forces (should, practice, interpretation) or clauses that are to
    be treated as musts. Raises `RuleError`: unknown profile, stage, force or clause, unreadable or faulty file,
    circular parents.
    """
    if stage not in STAGES:
        message = f"stage {stage!r} is unknown; choose one of {', '.join(STAGES)}"
        raise RuleError(message)
    chain = _chain(profile)
    clauses: tuple[Clause, ...] = ()
    findings: list[str] = []
    set_aside: list[Clause] = []
    for level in chain:
        local = tuple(item for item in level.clauses if item.in_force(on) and item.applies_to in ("both", stage))
        set_aside += [item for item in level.clauses if item not in local]
        clauses, found = inherit(clauses, local)
        findings += found
    _refuse_twins(chain)
    last = chain[-1]
    clauses, raised = raise_to_must(clauses, require, set_aside)
    return Rulebook(
        profile=last.name,
        title_en=last.title_en,
        title_zh=last.title_zh,
        on=on,
        chain=tuple(level.name for level in chain),
        clauses=clauses,
        findings=tuple(findings),
        set_aside=tuple(set_aside),
        stage=stage,
        raised=raised,
        notes=tuple(f"{level.name}: {note}" for level in chain for note in level.notes),
    )


def diff_rulebooks(a: Rulebook, b: Rulebook) -> pd.DataFrame:
    """Return what differs: one row per kind and question (metric, object), with what each rulebook asks.

    Columns kind, metric, to, change ("only in A", "only in B", "differs"), and, named after the two profiles, what
    each asks (">= 3 m (must, text seen (N))", several joined by "; ") and by which clauses. Equal rows are left out.
    """
    left, right = a.profile, b.profile if b.profile != a.profile else f"{b.profile} ({b.on})"
    asked = (_asked(a), _asked(b))
    rows = []
    for key in sorted({*asked[0], *asked[1]}):
        (mine, my_ids), (other, other_ids) = (one.get(key, ("", "")) for one in asked)
        if mine == other:
            continue
        change = f"only in {left}" if not other else f"only in {right}" if not mine else "differs"
        rows.append((*key, change, mine, other, my_ids, other_ids))
    columns = ["kind", "metric", "to", "change", left, right, f"clauses of {left}", f"clauses of {right}"]
    return pd.DataFrame(rows, columns=columns, dtype=object)


def _asked(book: Rulebook) -> dict[tuple[str, str, str], tuple[str, str]]:
    found: dict[tuple[str, str, str], list[Clause]] = {}
    for clause in book.clauses:
        for kind in clause.kinds:
            found.setdefault((kind.value, clause.metric.value, clause.to), []).append(clause)
    return {
        key: (
            "; ".join(
                sorted(
                    f"{value_text(clause)}{condition_text(clause)} ({clause.force.value}, {clause.confidence.value})"
                    for clause in clauses
                )
            ),
            "; ".join(sorted(clause.clause_id for clause in clauses)),
        )
        for key, clauses in found.items()
    }


def _folder() -> Traversable:
    return files("siting.rules").joinpath("profiles")


def _is_profile(entry: Traversable) -> bool:
    return entry.name.endswith(_SUFFIX)


def _chain(profile: str) -> tuple[Profile, ...]:
    """Return the profile and its parents, the most general first."""
    found: list[Profile] = []
    seen: list[str] = []
    wanted: str | None = profile
    folder = Path()
    while wanted is not None:
        path, key = _place(wanted, folder)
        if key in seen:
            message = f"{key}: is its own parent ({' -> '.join([*seen, key])})"
            raise RuleError(message)
        seen.append(key)
        found.append(read_profile(path, label=key))
        folder = path.parent if isinstance(path, Path) else folder
        wanted = found[-1].parent
    return tuple(reversed(found))


def _place(profile: str, folder: Path) -> tuple[Path | Traversable, str]:
    """Return where a profile lies and how messages call it."""
    if profile.endswith(_SUFFIX):
        path = folder / profile
        return path, str(path)
    names = available_profiles()
    if profile in names:
        return _folder().joinpath(profile + _SUFFIX), f"profile {profile}"
    near = get_close_matches(profile.strip().casefold(), names, n=1)
    hint = f"did you mean {near[0]!r}? " if near else ""
    message = f"rule profile {profile!r} is unknown; {hint}choose one of {', '.join(names)}, or give a .toml file"
    raise RuleError(message)


def _refuse_twins(chain: tuple[Profile, ...]) -> None:
    owner: dict[str, str] = {}
    twins = []
    for level in chain:
        for clause in level.clauses:
            if owner.setdefault(clause.clause_id, level.label) != level.label:
                twins.append(f"{level.label}: clause {clause.clause_id!r}: id is used in {owner[clause.clause_id]} too")
    if twins:
        raise RuleError("; ".join(twins))
