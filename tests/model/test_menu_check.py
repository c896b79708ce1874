"""A menu file that was changed is one clear line, whatever was changed in it; nothing in it is ever run."""

import pickle

import numpy as np
import pytest

from siting.errors import DataError
from siting.model.menu import read_book, write_book
from siting.model.menu_check import fault_of
from siting.model.menu_making import MenuOptions, make_book
from siting.model.parts import Demands, Sites, Walks
from siting.model.problem import Problem


@pytest.fixture(scope="module")
def held(tmp_path_factory):
    """Two buildings, each with a site of its own: two pieces."""
    sites = Sites(np.full(2, 50.0), np.full(2, 50.0), np.array([1, 1]), np.full(2, 30.0), np.zeros(2))
    walks = Walks(np.array([0, 1]), np.array([0, 1]), np.array([10.0, 10.0]))
    problem = Problem(Demands(np.array([30.0, 24.0]), np.ones(2)), sites, walks).maximise_service().with_budget(100)
    path = tmp_path_factory.mktemp("menu") / "menu.npz"
    write_book(make_book(problem, MenuOptions(prices=3)), path)
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def test_what_was_written_has_no_fault(held):
    assert fault_of(held) is None


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("piece", np.array(["a"]), "piece holds"),
        ("starts", np.array([0, 10_000]), "starts names what does not exist"),
        ("site", np.array([-1]), "do not add up|shape"),
        ("prices", np.array([np.nan]), "shape|no figure"),
        ("figures", np.array([1.0, 1e300, 0.0]), "no counts"),
        ("names", np.array(["only one"]), "names holds 1"),
        ("words", np.array(["one"]), "shape"),
        ("version", np.array([1, 2]), "shape"),
        ("column_value", np.array([]), "shape"),
    ],
)
def test_a_changed_array_is_named(held, tmp_path, name, value, says):
    np.savez(tmp_path / "menu.npz", **(held | {name: value}))

    with pytest.raises(DataError, match=says):
        read_book(tmp_path / "menu.npz")


class _Trap:
    def __reduce__(self):
        return (pytest.fail, ("a pickle in a menu was run",))


def test_a_pickle_is_never_run(held, tmp_path):
    np.savez(tmp_path / "menu.npz", **(held | {"names": np.array([_Trap()], dtype=object)}))
    with pytest.raises(DataError, match="is no menu"):
        read_book(tmp_path / "menu.npz")
    (tmp_path / "bare.npz").write_bytes(pickle.dumps(_Trap()))
    with pytest.raises(DataError, match="is no menu"):
        read_book(tmp_path / "bare.npz")


def test_an_array_alone_and_a_missing_array_are_no_menu(held, tmp_path):
    np.save(tmp_path / "menu.npy", np.ones(3))
    np.savez(tmp_path / "menu.npz", **{name: value for name, value in held.items() if name != "bound"})

    for name in ("menu.npy", "menu.npz"):
        with pytest.raises(DataError, match="is no menu"):
            read_book(tmp_path / name)


def test_nothing_half_written_stays_beside_a_menu(held, tmp_path, monkeypatch):
    def stopped(*_args, **_named):
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez_compressed", stopped)
    np.savez(tmp_path / "old.npz", **held)
    book = read_book(tmp_path / "old.npz")
    with pytest.raises(KeyboardInterrupt):
        write_book(book, tmp_path / "menu.npz")
    assert [path.name for path in tmp_path.iterdir()] == ["old.npz"]
