from pathlib import Path

import pytest

from siting.errors import UsageError
from siting.outputs.folder import RUN_MARKS, atomic_folder, is_run_folder


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def write_run(folder, text=""):
    for name in RUN_MARKS:
        (folder / name).write_text(text)


def fail_half_way(target):
    with atomic_folder(target) as draft:
        (draft / "run.json").write_text("new")
        message = "in the middle"
        raise RuntimeError(message)


def test_the_folder_appears_whole_and_leaves_no_draft(tmp_path):
    with atomic_folder(tmp_path / "deep" / "run") as draft:
        write_run(draft)
        assert not (tmp_path / "deep" / "run").exists()
    assert names(tmp_path / "deep") == ["run"]
    assert is_run_folder(tmp_path / "deep" / "run")


def test_an_error_leaves_the_older_run_as_it_was(tmp_path):
    target = tmp_path / "run"
    with atomic_folder(target) as draft:
        write_run(draft, "old")
    with pytest.raises(RuntimeError, match="in the middle"):
        fail_half_way(target)
    assert (target / "run.json").read_text() == "old"
    assert names(tmp_path) == ["run"]


def test_an_older_run_is_replaced_whole(tmp_path):
    target = tmp_path / "run"
    with atomic_folder(target) as draft:
        write_run(draft, "old")
        (draft / "links.csv").write_text("")
    with atomic_folder(target) as draft:
        write_run(draft, "new")
    assert names(target) == sorted(RUN_MARKS)
    assert names(tmp_path) == ["run"]


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "run").mkdir()
    with atomic_folder(tmp_path / "run") as draft:
        (draft / "run.json").write_text("")
    assert names(tmp_path / "run") == ["run.json"]


def test_a_folder_that_is_no_run_is_refused_before_any_work(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_text("")
    with pytest.raises(UsageError, match="holds files that are no run"), atomic_folder(tmp_path / "photos"):
        pytest.fail("the block must not be entered")
    assert names(tmp_path) == ["photos"]


def test_a_file_or_a_link_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "link").symlink_to(tmp_path)
    for name in ("file", "link"):
        with pytest.raises(UsageError, match="is not a folder"), atomic_folder(tmp_path / name):
            pytest.fail("the block must not be entered")


@pytest.mark.parametrize("stranger", ["thesis.txt", "inventory.csv"])
def test_a_run_folder_that_holds_something_else_is_not_replaced(tmp_path, stranger):
    target = tmp_path / "run"
    with atomic_folder(target) as draft:
        write_run(draft)
    (target / stranger).write_text("years of work")
    with pytest.raises(UsageError, match=stranger), atomic_folder(target):
        pytest.fail("the block must not be entered")
    assert (target / stranger).read_text() == "years of work"


def test_somebody_elses_run_json_marks_no_run(tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "run.json").write_text("{}")
    with pytest.raises(UsageError, match=r"no study\.toml"), atomic_folder(tmp_path / "run"):
        pytest.fail("the block must not be entered")


def test_a_place_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    for target in (tmp_path / "file" / "run", tmp_path / "file" / "deep" / "run", tmp_path / ("r" * 300)):
        with pytest.raises(UsageError, match="give another --out"), atomic_folder(target):
            pytest.fail("the block must not be entered")
    assert names(tmp_path) == ["file"]


def test_the_folder_one_stands_in_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="you stand in"), atomic_folder(Path()):
        pytest.fail("the block must not be entered")


def test_an_error_leaves_no_parents_behind(tmp_path):
    with pytest.raises(RuntimeError, match="in the middle"):
        fail_half_way(tmp_path / "a" / "b" / "run")
    assert names(tmp_path) == []
