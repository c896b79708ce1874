"""Hostile and broken files: one line that names the file, what is wrong and the repair."""

import bz2
import gzip
import struct

import pytest
from district.osm_text import OsmText

from siting.district.guard import Limits, checked_source
from siting.district.osm import read_osm
from siting.district.synthetic import dataset_path
from siting.errors import SourceError

GOOD = OsmText().area((0, 0, 30, 12), building="yes").text().encode()
ENTITIES = b'<?xml version="1.0"?><!-- x --><!DOCTYPE osm [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;&a;">]>' + GOOD[39:]
ROADS_ONLY = OsmText().line([(0, 0), (9, 0)], highway="service").text().encode()
PBF = dataset_path("quarter.osm.pbf").read_bytes()


def refusal(tmp_path, name: str, content: bytes, limits: Limits | None = None) -> str:
    """Return the one line with which `content` is refused."""
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(SourceError) as caught:
        read_osm(path, limits=limits)
    line = str(caught.value)
    assert line.startswith(f"{name}: ")
    assert "\n" not in line
    return line


def _by_name(value: object) -> str:
    """Name a case by its file and words: packed bytes differ from one moment, or library, to the next."""
    return value if isinstance(value, str) else "bytes"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.osm", b"", "is empty"),
        ("empty.osm.pbf", b"", "is empty"),
        ("random.osm.pbf", bytes(range(256)) * 9, "not OpenStreetMap data"),
        ("zeros.osm", bytes(4000), "not OpenStreetMap data"),
        ("utf16.osm", GOOD.decode().encode("utf-16"), "not OpenStreetMap data"),
        ("layer.osm", b' {"type": "FeatureCollection"}', "GeoJSON"),
        ("page.osm", b"<html><body>429</body></html>", "no <osm>"),
        ("bomb.osm", ENTITIES, "entities"),
        ("bomb.osm.gz", gzip.compress(ENTITIES, mtime=0), "entities"),
        ("bomb.osm.bz2", bz2.compress(ENTITIES), "entities"),
        ("doctype.osm", b'<!DOCTYPE osm SYSTEM "http://example.org/x.dtd">' + GOOD[39:], "document type"),
        ("cut.osm", GOOD[:300], "cannot be read"),
        ("cut.osm.gz", gzip.compress(GOOD, mtime=0)[:-20], "truncated"),
        ("cut.osm.bz2", bz2.compress(GOOD)[:-20], "truncated"),
        ("damaged.osm.gz", gzip.compress(GOOD, mtime=0)[:40] + b"\0" * 40, "truncated or damaged"),
        ("nothing.osm.gz", gzip.compress(b"", mtime=0), "unpacks to nothing"),
        ("inner.osm.gz", gzip.compress(PBF, mtime=0), "not OpenStreetMap data"),
        ("cut.osm.pbf", PBF[: len(PBF) // 2], "truncated"),
        ("stub.osm.pbf", PBF[:40], "truncated"),
        ("roads.osm", ROADS_ONLY, "no building outline"),
        ("version.osm", GOOD.replace(b' version="0.6"', b"", 1), "cannot be read"),
    ],
    ids=_by_name,
)
def test_a_bad_file_is_refused_in_one_line(tmp_path, name, content, words):
    assert words in refusal(tmp_path, name, content)


def test_a_missing_file_and_a_folder_are_refused(tmp_path):
    for path in (tmp_path / "nowhere.osm.pbf", tmp_path):
        with pytest.raises(SourceError, match=path.name):
            read_osm(path)


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress])
def test_a_packed_bomb_is_refused_before_it_unpacks(tmp_path, pack):
    bomb = pack(GOOD[:-7] + b" " * 3_000_000 + b"</osm>")
    limits = Limits(always_allowed=1 << 20)

    assert "unpack to more than" in refusal(tmp_path, "bomb.osm.gz", bomb, limits)


def test_white_space_without_end_is_no_osm_file(tmp_path):
    assert "not OpenStreetMap data" in refusal(tmp_path, "blank.osm.gz", gzip.compress(b" " * 2_000_000))


def test_a_pbf_that_would_unpack_too_far_is_refused(tmp_path):
    assert "unpack to more than" in refusal(tmp_path, "big.osm.pbf", PBF, Limits(ratio=1, always_allowed=1000))


def test_a_pbf_with_a_lying_blob_size_is_refused(tmp_path):
    size = struct.unpack(">I", PBF[:4])[0]
    lying = PBF[: 4 + size - 1] + b"\xff\xff\xff\x7f" + PBF[4 + size :]

    assert "damaged" in refusal(tmp_path, "lying.osm.pbf", lying)


def test_noise_never_escapes_as_another_error(tmp_path):
    refused = []
    for seed in range(20):
        spoilt = bytearray(PBF)
        spoilt[37 + 211 * seed] ^= 0xFF
        path = tmp_path / "spoilt.osm.pbf"
        path.write_bytes(spoilt)
        try:
            read_osm(path)
        except SourceError as error:
            refused.append(str(error))

    assert refused
    assert all("spoilt.osm.pbf" in line and "\n" not in line for line in refused)


def test_the_name_does_not_matter_and_nothing_is_left_behind(tmp_path):
    path = tmp_path / "download.bin"
    path.write_bytes(gzip.compress(GOOD))

    with checked_source(path) as (plain, kind):
        assert plain.read_bytes() == GOOD
        assert kind == "osm"

    assert not plain.exists()
    assert [left.name for left in tmp_path.iterdir()] == ["download.bin"]
