"""Audit of the advice: a refused place moved as moves.csv says has to keep every must, measured here again."""

import math
from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
from shapely.affinity import translate

from siting.errors import DataError
from siting.kinds import Kind, Outcome
from siting.plan.audit_features import Things
from siting.plan.audit_figures import KindFigures
from siting.plan.audit_law import measure_all, subjects_of
from siting.plan.audit_measures import Subject
from siting.plan.audit_reading import RunFolder
from siting.plan.audit_record import Checked, Finding, rows_of
from siting.rules.clause import Force, Rulebook

__all__ = ["check_moves"]

#: Moves that are measured again; of more every n-th is taken.
MOST_MOVES = 60


def check_moves(
    run: RunFolder, rulebook: Rulebook, things: Mapping[str, Things], figures: Mapping[Kind, KindFigures]
) -> Checked:
    """Check that each move of moves.csv (a sample of many) leaves no must failed or uncertain."""
    moves = _read(run)
    taken = moves[moves["candidate_id"].isin(run.candidates.index)]
    taken = taken.iloc[:: max(1, math.ceil(len(taken) / MOST_MOVES))].set_index("candidate_id")
    step = dict(zip(taken.index, taken[["dx_m", "dy_m"]].to_numpy(float), strict=True))
    subjects = [
        _moved(subject, *map(float, step[subject.site_id]))
        for subject in subjects_of(run, map(str, taken.index), run.candidates)
    ]
    again = measure_all(subjects, rulebook, things, figures)
    broken = again[
        again["force"].eq(Force.MUST.value) & again["outcome"].isin([Outcome.FAIL.value, Outcome.UNCERTAIN.value])
    ]
    findings = [
        Finding.say(
            "move-unlawful",
            f"moves.csv: {row.site_id} moved as advised does not keep {row.clause_id} for certain",
            f"moves.csv:{row.site_id} 按建议移动后仍不能确定符合 {row.clause_id}",
            site_id=row.site_id,
            clause_id=row.clause_id,
            feature_id=row.feature_id,
            measured=row.measured,
            required=row.required,
            unit=row.unit,
        )
        for row in rows_of(broken)
    ]
    return Checked(tuple(findings), len(again))


def _moved(subject: Subject, dx: float, dy: float) -> Subject:
    groups = tuple(translate(shape, dx, dy) for shape in subject.layout.groups)
    layout = replace(subject.layout, groups=groups)
    return replace(subject, footprint=translate(subject.footprint, dx, dy), layout=layout)


def _read(run: RunFolder) -> pd.DataFrame:
    """Return the moves that were found; a run without moves.csv advises nothing."""
    path = run.folder / "moves.csv"
    if not path.is_file():
        return pd.DataFrame(columns=["candidate_id", "dx_m", "dy_m"])
    try:
        frame = pd.read_csv(path, dtype={"candidate_id": str, "reason": str})
        found: pd.DataFrame = frame[frame["reason"].eq("moved")]
        return found.astype({"dx_m": float, "dy_m": float})
    except (OSError, ValueError, KeyError) as error:
        message = f"{path}: cannot be read ({error}); plan again or restore the file"
        raise DataError(message) from error
