"""Nothing half-written: a run folder appears whole, by one rename, or not at all."""

import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from siting.errors import UsageError
from siting.outputs.run_folder import ASKED_FILES, EXTRA_FILES, RUN_FILES

__all__ = ["RUN_MARKS", "atomic_folder", "is_run_folder", "refuse_foreign"]

#: The files that together mark a folder as a run of ours, which a new run may replace.
RUN_MARKS = ("run.json", "study.toml", "plan.gpkg")

#: All that a run folder may hold: our files, and what QGIS and file managers leave beside them.
_OURS = frozenset((*RUN_FILES, *ASKED_FILES, *EXTRA_FILES, "audit.json", "audit.html"))
_DRAFT = re.compile(r"\.menu\.npz\.\d+")  # of a menu whose making was killed
_LITTER = frozenset(("plan.gpkg-wal", "plan.gpkg-shm", ".DS_Store", "Thumbs.db", "desktop.ini"))


def is_run_folder(folder: Path) -> bool:
    """Return whether `folder` holds an earlier run."""
    return folder.is_dir() and all((folder / name).is_file() for name in RUN_MARKS)


@contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder beside `target` that takes its place when the block ends without an error.

    An older run folder is replaced whole and an empty folder is filled. Anything else at `target`, and a place
    that cannot be written, is refused with `UsageError` before any work. After an error `target` is as it was
    and the draft is gone.
    """
    refuse_foreign(target)
    made = [folder for folder in (target.parent, *target.parent.parents) if not folder.exists()]
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        workshop = Path(tempfile.mkdtemp(prefix=".siting-", dir=target.parent))
    except OSError as error:
        _remove_empty(made)
        message = f"{target}: cannot be written ({error.strerror}); give another --out"
        raise UsageError(message) from error
    done = False
    try:
        draft = workshop / "new"
        draft.mkdir()
        yield draft
        refuse_foreign(target)
        _swap(draft, target, workshop / "old")
        done = True
    finally:
        shutil.rmtree(workshop)
        if not done:
            _remove_empty(made)


def _remove_empty(folders: list[Path]) -> None:
    for folder in folders:
        with suppress(OSError):
            folder.rmdir()


def _swap(draft: Path, target: Path, old: Path) -> None:
    if target.exists():
        target.rename(old)
    try:
        draft.rename(target)
    except OSError:
        if old.exists():
            old.rename(target)
        raise


def refuse_foreign(target: Path) -> None:
    """Raise `UsageError` if a run may not be written to `target`.

    That is a file, a link, the folder one stands in, a folder that is no run or holds something beside one, and
    a place where nothing can be written.
    """
    try:
        fault = _fault_of(target)
    except OSError as error:
        fault = f"cannot be written ({error.strerror})"
    if fault:
        message = f"{target}: {fault}; give another --out"
        raise UsageError(message)


def _fault_of(target: Path) -> str | None:
    if target.exists() or target.is_symlink():
        if not target.is_dir() or target.is_symlink():
            return "is not a folder"
        if target.resolve() == Path.cwd():
            return "is the folder you stand in"
        return _fault_of_folder(target)
    above = next(folder for folder in target.absolute().parents if folder.exists() or folder.is_symlink())
    if not above.is_dir():
        return f"cannot be made, {above} is not a folder"
    return None if os.access(above, os.W_OK | os.X_OK) else f"cannot be made, {above} may not be written to"


def _fault_of_folder(folder: Path) -> str | None:
    entries = sorted(folder.iterdir())
    if entries and not is_run_folder(folder):
        return f"holds files that are no run (no {' or '.join(n for n in RUN_MARKS if not (folder / n).is_file())})"
    strangers = [entry.name for entry in entries if not _is_ours(entry)]
    return f"holds {strangers[0]} beside an earlier run, which is no file of it" if strangers else None


def _is_ours(entry: Path) -> bool:
    return entry.is_file() and (entry.name in _OURS | _LITTER or _DRAFT.fullmatch(entry.name) is not None)
