"""The study file: every mistake named in one line, paths relative to the file, dates fixed."""

from datetime import UTC, date, datetime

import pytest

from siting.errors import StudyError
from siting.study import load_study, make_study

LEAST = {"source": {"osm": "a.osm"}, "limits": {"budget_cny": 5}}


def test_paths_count_from_the_folder_of_the_file(tmp_path):
    file = tmp_path / "study.toml"
    file.write_text('[source]\nosm = "maps/a.osm"\n[limits]\nbudget_cny = 5\n', encoding="utf-8")

    study = load_study(file)

    assert study.source.osm == (tmp_path / "maps" / "a.osm").resolve()
    assert study.name == "a"


def test_files_carry_midnight_of_the_day_of_the_law_unless_a_time_is_given():
    study = make_study(LEAST | {"rules": {"on": date(2026, 1, 2)}})
    timed = make_study(LEAST | {"timestamp": datetime(2026, 3, 4, 5, 6)})

    assert study.file_time == datetime(2026, 1, 2, tzinfo=UTC)
    assert timed.file_time == datetime(2026, 3, 4, 5, 6, tzinfo=UTC)


def test_the_resolved_study_reads_back_as_the_same_study():
    study = make_study(LEAST | {"rules": {"on": date(2026, 1, 2), "admit": ["UNCERTAIN"]}})

    assert make_study(study.as_dict()) == study


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"limts": {}}, ["limts: unknown key, did you mean 'limits'?"]),
        ({"reach": {"radus_m": 1}}, ["reach.radus_m: unknown key, did you mean 'radius_m'?"]),
        ({"reach": {"radius_m": 0}}, ["reach.radius_m: input should be greater than 0 (got 0)"]),
        ({"limits": {"budget_cny": -1}}, ["limits.budget_cny", "greater than or equal to 0 (got -1)"]),
        ({"limits": {"budget_cny": float("nan")}}, ["limits.budget_cny: input should be a finite number"]),
        ({"limits": {}}, ["limits.budget_cny is missing: how much money is there, in CNY, for goal 'service'?"]),
        ({"goal": {"aim": "cots"}}, ["goal.aim: unknown goal 'cots'; did you mean 'cost'?"]),
        ({"goal": {"aim": "cost"}}, ["goal 'cost' needs goal.service_share or floors"]),
        ({"goal": {"service_share": 1.5}}, ["goal.service_share: input should be less than or equal to 1"]),
        ({"limits": {"budget_cny": 1.0, "least_sites": 3, "most_sites": 2}}, ["3 and most_sites 2 cannot both hold"]),
        (
            {"limits": {"budget_cny": 1.0, "quotas": [{"subdistrict": "A", "most": 1}] * 2}},
            ["limits: quotas repeat subdistrict 'A'"],
        ),
        ({"source": {}}, ["source.osm is missing"]),
        ({"source": {"osm": 7}}, ["source.osm: input should be a path (got 7)"]),
        ({"facility": {"kinds": ["ebike_sheed"]}}, ["did you mean 'ebike_shed'?"]),
        ({"facility": {"kinds": ["ebike_open", "ev_surface"]}}, ["mix e-bikes and cars"]),
        ({"facility": {"kinds": []}}, ["kinds is empty"]),
        ({"source": {"osm": "a", "bbox_deg": [39, 116, 40, 115]}}, ["west, south, east, north"]),
        ({"layers": [{"role": "compounds", "pth": "x"}]}, ["layers.0.pth: unknown key, did you mean 'path'?"]),
    ],
)
def test_a_wrong_key_or_value_is_named(change, words):
    with pytest.raises(StudyError) as caught:
        make_study(LEAST | change)

    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_every_mistake_is_reported_at_once():
    with pytest.raises(StudyError) as caught:
        make_study({"source": {"osm": "a", "halo": 1}, "limits": {"budget_cny": -1}, "solver": {"name": "cplex"}})

    assert str(caught.value).count(";") == 2


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"[source\n", "not TOML"), (b"\xff\xfe\x00x", "UTF-8"), (None, "no such study file")],
)
def test_a_file_that_is_no_study_is_refused_by_name(tmp_path, content, words):
    file = tmp_path / "study.toml"
    if content is not None:
        file.write_bytes(content)

    with pytest.raises(StudyError, match=words) as caught:
        load_study(file)

    assert str(file) in str(caught.value)


def test_a_layer_is_a_file_or_a_table_and_a_drawing_says_its_layers():
    layers = [
        {
            "role": "buildings",
            "path": "a.dxf",
            "dxf": {"layers": ["JZ*"], "anchor": {"x": 0, "y": 0, "lon": 111, "lat": 35}},
        },
        {"role": "compounds", "url": "postgresql://me@host/db", "layer": "public.xq"},
    ]
    study = make_study(LEAST | {"layers": layers})

    assert study.layers[0].dxf.anchor.lon == 111.0
    assert study.layers[1].path is None
    for wrong, words in (
        ({"role": "compounds"}, "give either path"),
        ({"role": "compounds", "url": "postgresql://me:pw@host/db"}, "url holds a password"),
        (
            {"role": "x", "path": "a.dxf", "dxf": {"layer": ["A"]}},
            "layers.0.dxf.layer: unknown key, did you mean 'layers'",
        ),
    ):
        with pytest.raises(StudyError, match=words):
            make_study(LEAST | {"layers": [wrong]})
