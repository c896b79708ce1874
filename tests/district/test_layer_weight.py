"""Complaints, hazards, renovation and spare kVA of compounds: weights with named parts, and transformers."""

import pytest
from builders import building, compound, district, transformer

from siting.district.layer_spec import LayerSpec
from siting.district.layer_weight import WeightFormula
from siting.district.layers import apply_layers
from siting.errors import LayerError


def drawn():
    return district(
        compound((0, 0, 100, 100), id="A", name="甲院"),
        compound((100, 0, 200, 100), id="B", name="乙院"),
        compound((200, 0, 300, 100), id="C", name="丙院"),
        building((10, 40, 40, 50), id="way/11"),
        transformer("", (5, 5), id="T1"),
        transformer("B", (105, 5), id="T2", spare_kva=30.0),
    )


def layer(tmp_path, text):
    (tmp_path / "compounds.csv").write_text(text, encoding="utf-8")
    return LayerSpec(role="compounds", path=tmp_path / "compounds.csv")


def logged(result, key):
    rows = result.overrides[result.overrides["object_id"] == key]
    return {row.key: row.new for row in rows.itertuples()}


def test_the_weight_is_the_sum_of_its_named_parts(tmp_path):
    """A: 1 + 6 x 0.05 + 2 x 0.1 + 0.25 = 1.75; B: 1 + 30 x 0.05 is more than 2; C says nothing."""
    spec = layer(tmp_path, "小区名称,投诉,隐患,改造年份\n甲院,6,2,2026\n乙院,30,,\n丙院,,,\n")
    result = apply_layers(drawn(), [spec])

    assert result.compounds["weight"].tolist() == [1.75, 2.0, 1.0]
    assert logged(result, "A") == {
        "weight": "1.75",
        "weight: complaints": "6 (+0.3)",
        "weight: hazards": "2 (+0.2)",
        "weight: renovation_year": "2026 (+0.25)",
    }
    assert logged(result, "B")["weight: complaints"] == "30 (+1.5)"
    assert "weight = 1 + 0.05 per complaint + 0.1 per hazard + 0.25 with a renovation year" in " ".join(result.notes)


def test_the_formula_is_the_planners_and_a_weight_given_outright_stands(tmp_path):
    spec = layer(tmp_path, "id,complaints,weight\nA,4,\nB,4,1.2\n")
    result = apply_layers(drawn(), [spec], formula=WeightFormula(complaint=0.5, most=5.0))

    assert result.compounds["weight"].tolist() == [3.0, 1.2, 1.0]
    assert logged(result, "B")["weight: complaints"] == "4 (not used, a weight is given)"


def test_spare_power_goes_to_the_only_transformer_or_makes_one(tmp_path):
    result = apply_layers(drawn(), [layer(tmp_path, "小区编号,剩余容量（kVA）\nA,80\nB,50\nC,40\n")])

    table = result.transformers
    assert table["spare_kva"].to_dict() == {"T1": 80.0, "T2": 30.0, "planner/transformers/C": 40.0}
    assert table["compound_ids"].to_dict() == {"T1": "A", "T2": "B", "planner/transformers/C": "C"}
    assert logged(result, "T1")["spare_kva"] == "80"
    assert "B: its 50 spare kVA were not used: T2 feed it" in result.notes[-1]


def test_figures_that_cannot_be_meant_are_refused(tmp_path):
    with pytest.raises(LayerError, match="A: complaints -1 is negative"):
        apply_layers(drawn(), [layer(tmp_path, "id,complaints\nA,-1\n")])
    with pytest.raises(LayerError, match="A: renovation_year 20260 is more than 2200"):
        apply_layers(drawn(), [layer(tmp_path, "id,改造年份\nA,20260\n")])
