"""Options: what a candidate is called under the stated position error: clear, needs survey, or fails.

"Clear" speaks of the musts that were evaluated: each passes wherever the objects lie within the error and whatever
unknown classes turn out to be. Musts that were not evaluated are no part of the word; they are counted beside it.
"""

import pandas as pd

from siting.kinds import Outcome
from siting.rules.clause import Force
from siting.sites.record import Verdicts

__all__ = ["LABELS", "labels", "not_evaluated"]

#: From worst to best.
LABELS = ("fails", "needs survey", "clear")


def labels(verdicts: Verdicts) -> "pd.Series[str]":
    """Return the label of every candidate, index candidate_id; breaches that a waiver covers count all the same."""
    musts = verdicts.frame[verdicts.frame["force"].eq(Force.MUST.value)]
    found = pd.Series(LABELS[2], index=verdicts.candidates.frame.index, name="label", dtype=object)
    for outcome, label in ((Outcome.UNCERTAIN, LABELS[1]), (Outcome.FAIL, LABELS[0])):
        found[musts.loc[musts["outcome"].eq(outcome.value), "candidate_id"].unique()] = label
    return found


def not_evaluated(verdicts: Verdicts) -> "pd.Series[int]":
    """Return how many musts of every candidate were not evaluated, index candidate_id."""
    musts = verdicts.frame[verdicts.frame["force"].eq(Force.MUST.value)]
    open_ = musts[musts["outcome"].eq(Outcome.NOT_EVALUATED.value)]
    count = open_["candidate_id"].value_counts()
    return count.reindex(verdicts.candidates.frame.index).fillna(0).astype(int)
