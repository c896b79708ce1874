"""programme.csv and programme_links.csv, and the years as the report shows them; only runs over years have them."""

from pathlib import Path
from typing import Any

from siting.outputs.run import Run
from siting.outputs.tables import write_csv
from siting.outputs.words import Words, format_number
from siting.plan.programme_record import ACTION_COLUMNS, RESERVE_YEAR, YEAR_LINK_COLUMNS

__all__ = ["PROGRAMME_FILES", "method_of", "programme_rows", "reserve_rows", "write_programme"]

PROGRAMME_FILES = ("programme.csv", "programme_links.csv")


def write_programme(run: Run, folder: Path) -> None:
    """Write what is built, bought and held in reserve by year, and who is served where in each year."""
    programme = run.plan.programme
    if programme is not None:
        write_csv(programme.actions, ACTION_COLUMNS, folder / PROGRAMME_FILES[0])
        write_csv(programme.links, YEAR_LINK_COLUMNS, folder / PROGRAMME_FILES[1])


def programme_rows(run: Run) -> list[dict[str, Any]]:
    """Return one row a year for the report, the reserve last; none without a programme."""
    programme = run.plan.programme
    if programme is None:
        return []
    demand = float(run.demand.frame["vehicles"].sum())
    rows, before = [], programme.standing_sites
    for row in programme.years.to_dict("records"):
        rows.append(
            {
                "year": "–" if row["year"] == RESERVE_YEAR else str(row["year"]),
                "tier": row["tier"],
                "budget": format_number(row["budget_cny"]),
                "available": format_number(row["available_cny"]),
                "spent": format_number(row["spent_cny"]),
                "new": format_number(row["sites"] - before),
                "sites": format_number(row["sites"]),
                "served": format_number(row["served"]),
                "coverage": f"{100 * row['served'] / demand:.0f}%" if demand else "–",
            }
        )
        before = row["sites"]
    return rows


def reserve_rows(run: Run) -> list[dict[str, Any]]:
    """Return the sites that only the reserve would open."""
    words, sites = Words.of(run), run.plan.sites
    return [
        {
            "id": site_id,
            "name": words.label(str(row["compound_id"])),
            "kind": row["kind"],
            "ports": format_number(row["ports"]),
            "cost": format_number(row["cost_cny"]),
        }
        for site_id, row in sites[sites["tier"].eq("reserve")].iterrows()
    ]


def method_of(run: Run) -> str:
    """Return the method section: the problem, and the years it runs over."""
    text = str(run.plan.framing.problem)
    programme = run.plan.programme
    if programme is None:
        return text
    terms = programme.terms
    lines = [
        f"years        {terms.years[0]} to {terms.years[-1]}, one block of the above for each; nothing is torn down",
        f"             v_y >= v_(y-1) for v = n, x, z; what is locked in stands by {terms.years[-1]}",
        "  money      p_y (cost of v_y - cost of v_(y-1)) <= "
        + (
            "budgets so far less what was spent" if terms.carry_over else "the budget of the year, nothing carried over"
        ),
        "  goal       sum_y weight_y (weighted vehicles served in y), weights "
        + ", ".join(f"{weight:g}" for weight in terms.weights),
    ]
    if terms.reserve_cny:
        lines.append(f"  reserve    afterwards, what {terms.reserve_cny:,.0f} CNY more would add; it changes no year")
    return "\n".join([text, *lines])
