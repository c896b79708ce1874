import pytest

from siting.errors import UsageError
from siting.outputs.folder import atomic_folder, is_run_folder


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def fail_half_way(target):
    with atomic_folder(target) as draft:
        (draft / "run.json").write_text("new")
        message = "in the middle"
        raise RuntimeError(message)


def test_the_folder_appears_whole_and_leaves_no_draft(tmp_path):
    with atomic_folder(tmp_path / "deep" / "run") as draft:
        (draft / "run.json").write_text("{}")
        assert not (tmp_path / "deep" / "run").exists()
    assert names(tmp_path / "deep") == ["run"]
    assert is_run_folder(tmp_path / "deep" / "run")


def test_an_error_leaves_the_older_run_as_it_was(tmp_path):
    target = tmp_path / "run"
    with atomic_folder(target) as draft:
        (draft / "run.json").write_text("old")
    with pytest.raises(RuntimeError, match="in the middle"):
        fail_half_way(target)
    assert (target / "run.json").read_text() == "old"
    assert names(tmp_path) == ["run"]


def test_an_older_run_is_replaced_whole(tmp_path):
    target = tmp_path / "run"
    with atomic_folder(target) as draft:
        (draft / "run.json").write_text("old")
        (draft / "left_over.csv").write_text("")
    with atomic_folder(target) as draft:
        (draft / "run.json").write_text("new")
    assert names(target) == ["run.json"]
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
