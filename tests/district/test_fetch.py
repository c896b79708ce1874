"""`fetch` against a stand-in server on this machine; no test here leaves it."""

import gzip
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import osmnx
import pytest

from siting.district.fetch import fetch_place
from siting.district.osm import read_osm
from siting.errors import SourceError, UsageError

BOX = "110.99,35.00,111.01,35.02"

# One building of 4 nodes with awkward tags, and a relation around it.
ELEMENTS = [
    {"type": "way", "id": 7, "nodes": [1, 2, 3, 4, 1], "tags": {"building": "yes", "name": '<"甲"> & 1\u0001'}},
    {"type": "node", "id": 2, "lat": 35.010, "lon": 111.001},
    {"type": "node", "id": 1, "lat": 35.010, "lon": 111.000},
    {"type": "node", "id": 3, "lat": 35.011, "lon": 111.001},
    {"type": "node", "id": 4, "lat": 35.011, "lon": 111.000},
    {
        "type": "relation",
        "id": 5,
        "members": [{"type": "way", "ref": 7, "role": "outer"}],
        "tags": {"type": "multipolygon", "landuse": "residential"},
    },
]
PLACE = [
    {
        "importance": 0.5,
        "lat": "35.01",
        "lon": "111.0",
        "boundingbox": ["35.0", "35.02", "110.99", "111.01"],
        "geojson": {
            "type": "Polygon",
            "coordinates": [[[110.99, 35.0], [111.01, 35.0], [111.01, 35.02], [110.99, 35.02], [110.99, 35.0]]],
        },
    }
]


@contextmanager
def stand_in(answers: dict[str, tuple[int, object]], *, wait_s: float = 0.0) -> Iterator[tuple[str, list[str]]]:
    """Serve `answers` (status, body) by the last part of the path; yield (address, what was asked)."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            asked.append(self.path + " " + body)
            time.sleep(wait_s)
            status, content = answers.get(self.path.split("?")[0].split("/")[-1], (404, "nothing here"))
            data = (content if isinstance(content, str) else json.dumps(content)).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            try:
                self.wfile.write(data)
            except OSError:
                return  # the client had no more patience

        do_GET = do_POST = answer

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def fetch(url, path, place=BOX, timeout_s=20.0):
    fetch_place(place, path, overpass_url=url, nominatim_url=url, timeout_s=timeout_s)


def refusal(answers, path, place=BOX, **options):
    """Return the one line that the answers are refused with; nothing may be left on disk."""
    with stand_in(answers, **options) as (url, _), pytest.raises(SourceError) as caught:
        fetch(url, path, place, timeout_s=0.3 if options else 20.0)
    assert caught.value.exit_code == 5
    assert list(path.parent.iterdir()) == []
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_box_is_downloaded_and_read_back(tmp_path):
    path = tmp_path / "box.osm"
    with stand_in({"interpreter": (200, {"elements": ELEMENTS})}) as (url, asked):
        fetch(url, path)
    facts = read_osm(path)

    assert list(facts.areas.index) == ["relation/5", "way/7"]
    assert facts.areas.loc["way/7", "tags"]["name"] == '<"甲"> & 1'
    assert facts.areas.loc["way/7"].geometry.bounds == (111.0, 35.01, 111.001, 35.011)
    assert len(asked) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["box.osm"]


def test_a_named_place_is_found_first_and_gets_a_margin(tmp_path):
    answers = {"search": (200, PLACE), "interpreter": (200, {"elements": ELEMENTS})}
    with stand_in(answers) as (url, asked):
        fetch(url, tmp_path / "a.osm.gz", "盐湖区老城")

    assert "q=%E7%9B%90" in asked[0]
    assert "35.024000" in asked[1]
    assert "34.996000" in asked[1]
    assert len(read_osm(tmp_path / "a.osm.gz").areas) == 2


def test_the_same_answer_gives_the_same_bytes(tmp_path):
    for name, elements in (("a.osm.gz", ELEMENTS), ("b.osm.gz", [*reversed(ELEMENTS), ELEMENTS[0]])):
        with stand_in({"interpreter": (200, {"elements": elements})}) as (url, _):
            fetch(url, tmp_path / name)

    assert (tmp_path / "a.osm.gz").read_bytes() == (tmp_path / "b.osm.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.osm.gz").read_bytes()).startswith(b"<?xml")


def test_settings_of_osmnx_and_the_resolver_are_put_back(tmp_path):
    before = {name: getattr(osmnx.settings, name) for name in dir(osmnx.settings) if name.islower()}
    resolver = socket.getaddrinfo
    refusal({}, tmp_path / "a.osm")

    assert {name: getattr(osmnx.settings, name) for name in before} == before
    assert socket.getaddrinfo is resolver


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((500, "boom"), "500 Internal Server Error"),
        ((429, "slow down"), "is busy (429)"),
        ((504, "slow down"), "is busy (504)"),
        ((200, "<html>maintenance</html>"), "did not answer with OpenStreetMap data"),
        ((200, [1, 2]), "not OpenStreetMap data"),
        ((200, {"elements": [{"type": "node", "id": 1, "lat": "north", "lon": 1}]}), "not OpenStreetMap data"),
        ((200, {"elements": [{"type": "way", "id": 1, "nodes": ['1"/><evil']}]}), "not OpenStreetMap data"),
        ((200, {"elements": [], "remark": "runtime error: Query timed out"}), "ask for a smaller box"),
        ((200, {"elements": []}), "nothing there"),
    ],
)
def test_what_the_server_refuses_is_one_line(tmp_path, answer, words):
    assert words in refusal({"interpreter": answer}, tmp_path / "a.osm")


def test_an_unknown_place_is_one_line(tmp_path):
    assert "no such place" in refusal({"search": (200, [])}, tmp_path / "a.osm", "Atlantis")


def test_a_place_without_extent_is_one_line(tmp_path):
    point = [PLACE[0] | {"geojson": {"type": "Point", "coordinates": [111.0, 35.0]}}]

    assert "as a point" in refusal({"search": (200, point)}, tmp_path / "a.osm", "some shop")


def test_garbage_from_the_place_server_is_one_line(tmp_path):
    assert "cannot be used" in refusal({"search": (200, [{"x": 1}])}, tmp_path / "a.osm", "盐湖区")


def test_a_silent_server_is_one_line(tmp_path):
    answers = {"interpreter": (200, {"elements": ELEMENTS})}

    assert "did not answer in time" in refusal(answers, tmp_path / "a.osm", wait_s=0.8)


def test_no_connection_is_one_line(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        with pytest.raises(SourceError, match="no connection to the server"):
            fetch(url, tmp_path / "a.osm")


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ("35.0,110.9,35.1,111.1", "longitude first"),
        ("1,2,3", "four numbers"),
        ("110,35,nan,36", "four numbers"),
        ("110,35,112,36", "km2"),
        ("  ", "blank"),
    ],
)
def test_a_box_that_cannot_be_meant_is_refused_before_asking(tmp_path, place, words):
    with pytest.raises(UsageError, match=words):
        fetch("http://127.0.0.1:9", tmp_path / "a.osm", place)


@pytest.mark.parametrize(("name", "words"), [("a.osm.pbf", "can write"), ("no/a.osm", "folder does not exist")])
def test_a_file_that_cannot_be_written_is_refused_before_asking(tmp_path, name, words):
    with pytest.raises(UsageError, match=words):
        fetch("http://127.0.0.1:9", tmp_path / name)
