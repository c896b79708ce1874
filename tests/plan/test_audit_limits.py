"""Limits of a study that a hand-written plan breaks; the plan is drawn in audit_builders.py."""

import pytest
from plan.audit_builders import edit_json, edit_layer, edit_study, write_run_folder

from siting.plan.audit import audit_run

MONEY = "budget_cny = 60000.0"


@pytest.fixture
def folder(tmp_path):
    write_run_folder(tmp_path / "run")
    return tmp_path / "run"


def codes(folder):
    return {finding.code for finding in audit_run(folder).findings}


@pytest.mark.parametrize(
    ("limits", "code"),
    [
        ("floor_share = 0.5", None),  # c/1 is served whole, c/2 24 of 48
        ("floor_share = 0.51", "floor-missed"),
        ('floors = [{ compound = "c/2", vehicles = 25.0 }]', "floor-missed"),
        ('floors = [{ compound = "Compound 2", share = 0.6 }]', "floor-missed"),
        ('floors = [{ compound = "Compound 1", share = 1.0 }]', None),
        ("most_sites = 2", None),
        ("most_sites = 1", "count-differs"),
        ("least_sites = 3", "count-differs"),
        ("[goal]\nservice_share = 0.75", None),  # 72 of 96
        ("[goal]\nservice_share = 0.76", "service-below"),
        ('[goal]\naim = "cost"\nservice_share = 0.7', "study-differs"),
    ],
)
def test_a_limit_is_checked_against_the_written_plan(folder, limits, code):
    edit_study(folder, MONEY, f"{MONEY}\n{limits}")

    assert codes(folder) == ({code} if code else set())


@pytest.mark.parametrize(("most", "broken"), [(2, False), (1, True)])
def test_quotas_count_compounds_with_sites(folder, most, broken):
    edit_layer(folder, "compounds", lambda compounds: compounds.assign(subdistrict="A"))
    edit_study(folder, MONEY, f'{MONEY}\nquotas = [{{ subdistrict = "A", most = {most} }}]')

    assert ("quota-exceeded" in codes(folder)) is broken


def stand(folder, name, modules, cost):
    def change(candidates):
        here = candidates.index == name
        return candidates.assign(
            standing_modules=[float(modules) if it else None for it in here],
            removal_cost_cny=[cost if it else None for it in here],
        )

    edit_layer(folder, "candidates", change)


def test_what_stands_is_not_made_smaller_and_costs_only_what_is_added(folder):
    stand(folder, "s/1", 3, None)

    assert {"standing-reduced", "cost-differs"} <= codes(folder)


def test_a_removal_is_stated_at_its_price(folder):
    stand(folder, "s/3", 1, 900.0)
    assert {"removal-differs", "spent-differs"} <= codes(folder)

    edit_json(folder, lambda record: record.update(removals={"s/3": 900.0}, spent_cny=record["spent_cny"] + 900.0))
    assert not {"removal-differs", "spent-differs"} & codes(folder)


def test_what_may_not_go_is_not_removed(folder):
    stand(folder, "s/3", 1, None)
    edit_json(folder, lambda record: record.update(removals={"s/3": 0.0}))

    assert "removal-differs" in codes(folder)
