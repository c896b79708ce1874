"""Meaning: compounds that a study names by id or by name; a name that several have is refused, not guessed."""

import difflib

import pandas as pd

from siting.errors import StudyError

__all__ = ["compound_named"]


def compound_named(text: str, compounds: pd.DataFrame, *, where: str) -> str:
    """Return the id of the compound called `text`; `where` names the key of the study in errors.

    `compounds`: index compound_id, column name. Raises `StudyError` for no compound and for a name of several.
    """
    if text in compounds.index:
        return text
    names = compounds["name"].dropna().astype(str)
    called = [str(key) for key in names.index[names.eq(text)]]
    if len(called) == 1:
        return called[0]
    if called:
        message = (
            f"{where}: {len(called)} compounds are called {text!r} ({', '.join(called[:3])}); give the compound_id"
        )
        raise StudyError(message)
    close = difflib.get_close_matches(text, [*map(str, compounds.index), *names], n=1)
    hint = f"did you mean {close[0]!r}?" if close else "give its compound_id or name"
    message = f"{where}: compound {text!r} does not exist; {hint}"
    raise StudyError(message)
