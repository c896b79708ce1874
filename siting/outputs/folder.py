"""Nothing half-written: a run folder appears whole, by one rename, or not at all."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from siting.errors import UsageError

__all__ = ["RUN_MARK", "atomic_folder", "is_run_folder", "refuse_foreign"]

#: The file that marks a folder as a run of ours, which a new run may replace.
RUN_MARK = "run.json"


def is_run_folder(folder: Path) -> bool:
    """Return whether `folder` holds an earlier run."""
    return folder.is_dir() and (folder / RUN_MARK).is_file()


@contextmanager
def atomic_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder beside `target` that takes its place when the block ends without an error.

    An older run folder is replaced whole and an empty folder is filled. Anything else at `target` is refused
    with `UsageError` before any work. After an error `target` is as it was and the draft is gone.
    """
    refuse_foreign(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    workshop = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        draft = workshop / "new"
        draft.mkdir()
        yield draft
        refuse_foreign(target)
        _swap(draft, target, workshop / "old")
    finally:
        shutil.rmtree(workshop)


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
    """Raise `UsageError` if a run may not be written to `target`: a file, a link, or a folder that is no run."""
    if not target.exists() and not target.is_symlink():
        return
    if not target.is_dir() or target.is_symlink():
        message = f"{target}: is not a folder; give another --out"
        raise UsageError(message)
    if not is_run_folder(target) and any(target.iterdir()):
        message = f"{target}: holds files that are no run (no {RUN_MARK}); give an empty or new folder as --out"
        raise UsageError(message)
