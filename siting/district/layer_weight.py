"""Facts: what a bureau knows of a compound beside its size: complaints, hazards and renovation as weight; spare kVA.

    weight = min(most, 1 + complaint x complaints + hazard x hazards + renovation, if a renovation year is given)

The figures are the planner's to choose (`[demand.weight]` in the study); the defaults are assumptions without a source.
A weight given outright stands. Each part is logged under its name, so that no weight is a mere number.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import shapely

from siting.district.layer_columns import ROLES
from siting.district.layer_merge import OVERRIDE_COLUMNS, merged
from siting.district.record import District

__all__ = ["Weighed", "WeightFormula", "weigh", "with_spare_power"]


@dataclass(frozen=True, kw_only=True)
class WeightFormula:
    """How much need one complaint, one hazard found and a coming renovation add to a weight of 1."""

    complaint: float = 0.05
    hazard: float = 0.1
    renovation: float = 0.25
    most: float = 2.0

    def sentence(self) -> str:
        """Return the formula in words."""
        return (
            f"weight = 1 + {self.complaint:g} per complaint + {self.hazard:g} per hazard + {self.renovation:g} "
            f"with a renovation year, at most {self.most:g} (assumed; [demand.weight] in the study)"
        )


@dataclass(frozen=True, eq=False)
class Weighed:
    """A layer of compounds whose extra columns became weights: what is left of it, the log of parts, and spare kVA."""

    values: pd.DataFrame
    log: pd.DataFrame
    notes: tuple[str, ...]
    spare_kva: Mapping[str, tuple[float, str]]  # compound: (kVA, source)


def weigh(values: pd.DataFrame, formula: WeightFormula, file_name: str) -> Weighed:
    """Return the cells of a layer of compounds (by id) with their extra columns turned into weights and spare kVA."""
    extras = [name for name in ROLES["compounds"].extras if name in values]
    if not extras:
        return Weighed(values, _log([]), (), {})
    weights = list(values["weight"]) if "weight" in values else [None] * len(values)
    rows: list[tuple[str, ...]] = []
    spare: dict[str, tuple[float, str]] = {}
    for at, (key, cells) in enumerate(zip(values.index, values.to_numpy(dtype=object), strict=True)):
        row = dict(zip(values.columns, cells, strict=True))
        parts = list(_parts(row, formula))
        for name, figure, part in parts:
            used = f"+{part:g}" if weights[at] is None else "not used, a weight is given"
            rows.append(("compounds", str(key), f"weight: {name}", "", f"{figure:g} ({used})", str(row["source"])))
        if parts and weights[at] is None:
            weights[at] = round(min(formula.most, 1.0 + sum(part for _, _, part in parts)), 6)
        if row.get("spare_kva") is not None:
            spare[str(key)] = (float(row["spare_kva"]), str(row["source"]))
    kept = values.drop(columns=extras)
    if rows:
        kept = kept.assign(weight=pd.Series(weights, kept.index, dtype=object))
    notes = (f"{file_name}: {formula.sentence()}",) if rows else ()
    return Weighed(kept, _log(rows), notes, spare)


def _parts(row: Mapping[str, Any], formula: WeightFormula) -> Iterator[tuple[str, float, float]]:
    """Yield (name, figure given, what it adds) for each part that a row states."""
    for name, each in (("complaints", formula.complaint), ("hazards", formula.hazard)):
        if row.get(name) is not None:
            yield name, row[name], round(each * row[name], 6)
    if row.get("renovation_year") is not None:
        yield "renovation_year", row["renovation_year"], formula.renovation


def _log(rows: list[tuple[str, ...]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(OVERRIDE_COLUMNS), dtype=object)


def with_spare_power(district: District, spare_kva: Mapping[str, tuple[float, str]]) -> District:
    """Return `district` where each compound with stated spare kVA has a transformer with it.

    The only transformer that feeds a compound, and nothing else, takes the figure; a compound without any gets one of
    unknown place. Where a transformer has its own figure, or several feed the compound, a note says it was not used.
    """
    transformers, notes = district.transformers, []
    rows: dict[str, dict[str, Any]] = {}
    for compound, (kva, source) in sorted(spare_kva.items()):
        feeding = _feeding(district, compound)
        shared = any(transformers.loc[key, "compound_ids"] not in ("", compound) for key in feeding)
        if transformers.loc[feeding, "spare_kva"].notna().any() or len(feeding) > 1 or shared:
            who = ", ".join(feeding[:3])
            notes.append(f"{compound}: its {kva:g} spare kVA were not used: {who} feed it; say it per transformer")
            continue
        key = feeding[0] if feeding else f"planner/transformers/{compound}"
        rows[key] = {"spare_kva": kva, "compound_ids": compound, "source": source}
    if not rows:
        return district.replace(notes=(*district.notes, *notes))
    values = pd.DataFrame.from_dict(rows, orient="index").astype(object)
    table, log = merged(transformers, values, None, role=ROLES["transformers"], stands_for={})
    overrides = pd.concat([frame for frame in (district.overrides, log) if len(frame)] or [log], ignore_index=True)
    return district.replace(transformers=table, overrides=overrides, notes=(*district.notes, *notes))


def _feeding(district: District, compound: str) -> list[str]:
    """Return the transformers said to feed a compound, or standing in it with nothing said."""
    transformers, home = district.transformers, district.compounds.geometry.get(compound)
    named = np.array([compound in ids.split(";") for ids in transformers["compound_ids"]], dtype=bool)
    silent = (transformers["compound_ids"] == "").to_numpy()
    inside = shapely.intersects(transformers.geometry.to_numpy(), home) if home is not None else False
    return [str(key) for key in transformers.index[named | (silent & inside)]]
