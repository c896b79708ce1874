"""Bad input: one clear line, the documented exit code, nothing half-written."""

import bz2
import gzip
import json

import geopandas as gpd
import pyogrio
import pytest
import shapely

from siting.district.synthetic import dataset_path

QUARTER = dataset_path("quarter.osm.pbf")
NO_BUILDINGS = (
    '<?xml version="1.0"?><osm version="0.6">'
    '<node id="1" lat="35.0" lon="111.0"/><node id="2" lat="35.001" lon="111.0"/>'
    '<way id="1"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/></way></osm>'
)
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE osm [<!ENTITY a "aaaaaaaaaa">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    + ']><osm version="0.6"><node id="1" lat="35" lon="111"><tag k="x" v="&i;"/></node></osm>'
)
GEOJSON = json.dumps({"type": "FeatureCollection", "features": []})


def _by_name(value: object) -> str:
    """Name a case by its file and words: packed bytes differ from one moment, or library, to the next."""
    return value if isinstance(value, str) else "bytes"


@pytest.fixture
def bad_file(tmp_path):
    def write(name: str, content: bytes):
        path = tmp_path / name
        path.write_bytes(content)
        return path

    return write


def refuse(cli, tmp_path, *words):
    """Run `plan`, check that it left nothing behind, and return how it ended."""
    before = set(tmp_path.iterdir())
    ended = cli("plan", *words, "--out", tmp_path / "run")
    assert set(tmp_path.iterdir()) == before
    return ended


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.osm.pbf", b"", "empty"),
        ("empty.osm", b"", "empty"),
        ("truncated.osm.pbf", QUARTER.read_bytes()[:9_000], "truncated.osm.pbf"),
        ("noise.osm.pbf", bytes(range(256)) * 40, "noise.osm.pbf"),
        ("bomb.osm", BOMB.encode(), "bomb.osm"),
        ("bomb.osm.gz", gzip.compress(BOMB.encode(), mtime=0), "bomb.osm.gz"),
        ("bomb.osm.bz2", bz2.compress(BOMB.encode()), "bomb.osm.bz2"),
        ("cut.osm.gz", gzip.compress(NO_BUILDINGS.encode(), mtime=0)[:60], "cut.osm.gz"),
        ("layer.osm", GEOJSON.encode(), "GeoJSON"),
        ("layer.geojson", GEOJSON.encode(), "GeoJSON"),
        ("bare.osm", NO_BUILDINGS.encode(), "building"),
        ("half.osm", NO_BUILDINGS[:120].encode(), "half.osm"),
    ],
    ids=_by_name,
)
def test_a_broken_source_ends_5_and_names_the_file(cli, tmp_path, bad_file, name, content, words):
    ended = refuse(cli, tmp_path, "--osm", bad_file(name, content), "--budget", 1000)

    assert ended.code == 5, ended.err
    assert name in ended.error
    assert words in ended.error


def test_a_missing_source_ends_5(cli, tmp_path):
    ended = refuse(cli, tmp_path, "--osm", tmp_path / "nowhere.osm.pbf", "--budget", 1000)

    assert ended.code == 5
    assert "nowhere.osm.pbf" in ended.error


def test_a_layer_with_swapped_coordinates_ends_5(cli, tmp_path, bad_file):
    ring = [[35.03, 111.0], [35.031, 111.0], [35.031, 111.001], [35.03, 111.001], [35.03, 111.0]]
    square = {
        "type": "Feature",
        "properties": {"compound_id": "a"},
        "geometry": {"type": "Polygon", "coordinates": [ring]},
    }
    layer = bad_file("swapped.geojson", json.dumps({"type": "FeatureCollection", "features": [square]}).encode())

    ended = refuse(cli, tmp_path, "--osm", QUARTER, "--layer", f"compounds={layer}", "--budget", 1000)

    assert ended.code == 5
    assert "swapped" in ended.error


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--budget", -1), "budget"),
        (("--budget", "much"), "--budget"),
        (("--budget", "nan"), "budget"),
        (("--budget", 1000, "--radius", 0), "radius"),
        (("--budget", 1000, "--rules", "natonal"), "national"),
        (("--budget", 1000, "--kind", "ebike_sheed"), "ebike_shed"),
        (("--budget", 1000, "--on", "yesterday"), "on"),
        (("--budget", 1000, "--solver", "cplex"), "highs"),
        (("--budget", 1000, "--layer", "compounds"), "ROLE=FILE"),
        ((), "--budget"),
    ],
)
def test_a_wrong_flag_ends_2(cli, tmp_path, flags, words):
    ended = refuse(cli, tmp_path, "--osm", QUARTER, *flags)

    assert ended.code == 2, ended.err
    assert words in ended.error


def test_nothing_to_plan_ends_2(cli, tmp_path):
    ended = refuse(cli, tmp_path)

    assert ended.code == 2
    assert "--osm" in ended.error


def test_a_misspelt_key_in_the_study_ends_2_with_a_suggestion(cli, tmp_path, bad_file):
    study = bad_file("study.toml", b'[source]\nosm = "x.osm"\n[limits]\nbugdet_cny = 5\n')

    ended = refuse(cli, tmp_path, study)

    assert ended.code == 2
    assert "did you mean 'budget_cny'?" in ended.error
    assert "study.toml" in ended.error


def test_flags_beside_a_study_file_are_refused_not_ignored(cli, tmp_path, bad_file):
    study = bad_file("study.toml", b'[source]\nosm = "x.osm"\n[limits]\nbudget_cny = 5\n')

    ended = refuse(cli, tmp_path, study, "--budget", 7)

    assert ended.code == 2
    assert "limits.budget_cny" in ended.error


@pytest.mark.parametrize("value", ["true", '"1000"', "9" * 5000, "[" * 100_000, "1e999"])
def test_a_budget_that_is_no_number_ends_2(cli, tmp_path, bad_file, value):
    study = bad_file("study.toml", f'[source]\nosm = "x.osm"\n[limits]\nbudget_cny = {value}\n'.encode())

    ended = refuse(cli, tmp_path, study)

    assert ended.code == 2, ended.err
    assert "study.toml" in ended.error
    assert len(ended.error) < 500


@pytest.mark.parametrize("name", ["loop", "x" * 300, "~no_such_user_here/x.osm", "a\\u0000b"])
def test_a_path_that_cannot_be_one_ends_2(cli, tmp_path, bad_file, name):
    (tmp_path / "loop").symlink_to("loop")
    study = bad_file("study.toml", f'[source]\nosm = "{name}"\n[limits]\nbudget_cny = 5\n'.encode())

    ended = refuse(cli, tmp_path, study)

    assert ended.code == 2, ended.err
    assert "cannot be a path" in ended.error


def test_an_error_line_holds_no_terminal_codes(cli, tmp_path):
    ended = refuse(cli, tmp_path, "--osm", QUARTER, "--layer", "\x1b[2J=x.csv", "--budget", 1)

    assert ended.code == 2
    assert "\x1b" not in ended.err


@pytest.mark.parametrize("key", ["a" + ".a" * 20_000 + " = 1", "[facility.catalogue" + ".a" * 20_000 + "]\nb = 1"])
def test_a_key_without_end_is_refused_before_it_is_parsed(cli, tmp_path, bad_file, key):
    study = bad_file("study.toml", f'{key}\n[source]\nosm = "x.osm"\n[limits]\nbudget_cny = 5\n'.encode())

    ended = refuse(cli, tmp_path, study)

    assert ended.code == 2
    assert "line 1: a key of more than 50 parts" in ended.error


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ('[[layers]]\nrole = "buldings"\npath = "b.csv"\n', "did you mean 'buildings'?"),
        ('[limits]\nbudget_cny = 5.0\nlocked_in = ["way/101#s99"]\n', "locked candidate 'way/101#s99' does not exist"),
    ],
)
def test_a_role_or_a_lock_that_nobody_knows_is_the_studys_fault(cli, tmp_path, bad_file, section, words):
    money = "" if "[limits]" in section else "[limits]\nbudget_cny = 5.0\n"
    study = bad_file("study.toml", f'[source]\nosm = "{dataset_path("tiny.osm")}"\n{section}{money}'.encode())

    ended = refuse(cli, tmp_path, study)

    assert ended.code == 2, ended.err
    assert words in ended.error


def test_a_building_of_no_possible_height_ends_5(cli, tmp_path, bad_file):
    layer = bad_file("buildings.csv", b"building_id,levels\nway/103,1e308\n")

    ended = refuse(cli, tmp_path, "--osm", dataset_path("tiny.osm"), "--layer", f"buildings={layer}", "--budget", 1000)

    assert ended.code == 5
    assert "levels 1e+308 is more than 200" in ended.error


@pytest.mark.parametrize("east", [float("inf"), 1e300])
def test_drawn_sites_beyond_the_earth_end_5(cli, tmp_path, east):
    shape = shapely.Polygon([(111.0, 35.0), (east, 35.0), (111.001, 35.001)])
    frame = gpd.GeoDataFrame({"site_id": ["a"], "kind": ["ebike_shed"]}, geometry=[shape], crs=4326)
    frame.to_file(tmp_path / "drawn.gpkg", layer="sites", engine="pyogrio")

    ended = cli("audit", "--sites", tmp_path / "drawn.gpkg", "--osm", dataset_path("tiny.osm"))

    assert ended.code == 5, ended.err
    assert "drawn.gpkg: a has no valid geometry; redraw it" in ended.error


def test_a_run_without_its_sites_ends_5_and_names_the_layer(cli, tmp_path):
    run = tmp_path / "run"
    cli("plan", "--osm", dataset_path("tiny.osm"), "--budget", 60_000, "--out", run)
    every = {
        name: pyogrio.read_dataframe(run / "plan.gpkg", layer=name)
        for name, _ in pyogrio.list_layers(run / "plan.gpkg")
    }
    (run / "plan.gpkg").unlink()
    for name, frame in every.items():
        if name != "sites":
            pyogrio.write_dataframe(frame, run / "plan.gpkg", layer=name)

    ended = cli("audit", run)

    assert ended.code == 5, ended.err
    assert "plan.gpkg: cannot be read (Layer 'sites' could not be opened)" in ended.error


def test_a_misplaced_node_neither_stops_nor_bends_the_plan(cli, tmp_path, bad_file):
    text = dataset_path("tiny.osm").read_text("utf-8")
    astray = text.replace('<node id="11" lat="35.0000901" lon="111.0005149"', '<node id="11" lat="0" lon="0"')
    assert astray != text

    ended = cli("plan", "--osm", bad_file("astray.osm", astray.encode()), "--budget", 60_000, "--out", tmp_path / "run")

    assert ended.code == 0, ended.err


def test_ids_that_look_like_formulas_pass_the_audit(cli, tmp_path, bad_file):
    ring = [[111.0001, 35.0], [111.0013, 35.0], [111.0013, 35.0009], [111.0001, 35.0009], [111.0001, 35.0]]
    shape = {"type": "Polygon", "coordinates": [ring]}
    square = {"type": "Feature", "properties": {"compound_id": "=cmd|x!A0", "name": "</script>"}, "geometry": shape}
    layer = bad_file("hostile.geojson", json.dumps({"type": "FeatureCollection", "features": [square]}).encode())
    source = dataset_path("tiny.osm")

    ended = cli("plan", "--osm", source, "--layer", f"compounds={layer}", "--budget", 60_000, "--out", tmp_path / "run")

    assert ended.code == 0, ended.err
    assert "\n=cmd" not in (tmp_path / "run" / "verdicts.csv").read_text("utf-8")


def test_a_folder_that_is_no_run_folder_is_never_replaced(cli, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "thesis.txt").write_text("years of work")

    ended = cli("plan", "--osm", QUARTER, "--budget", 1000, "--out", tmp_path / "run")

    assert ended.code in (2, 5)
    assert (tmp_path / "run" / "thesis.txt").read_text() == "years of work"
