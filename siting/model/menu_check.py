"""What must hold of the arrays of a menu file before anything is reckoned with them: the file lies in a folder."""

from collections.abc import Mapping
from typing import Any

import numpy as np

__all__ = ["fault_of"]

_KINDS: Mapping[str, str] = {
    **dict.fromkeys(("version", "piece", "number", "starts", "column_piece", "column_quota", "column_sites"), "i"),
    **dict.fromkeys(("site", "modules", "window_row"), "i"),
    **dict.fromkeys(("forced", "solved"), "b"),
    **dict.fromkeys(("charges", "quota", "prices", "bound", "cost_cny", "value"), "f"),
    **dict.fromkeys(("column_value", "column_cost_cny", "figures"), "f"),
    **dict.fromkeys(("window_low_cny", "window_high_cny", "window_price", "window_bound"), "f"),
    **dict.fromkeys(("names", "words"), "U"),
}


def fault_of(held: Mapping[str, Any]) -> str | None:
    """Return what is wrong with the arrays of a menu, None if nothing is: kinds, shapes, numbers, places."""
    for name, kind in _KINDS.items():
        if name not in held:
            return f"{name} is missing"
        if held[name].dtype.kind != kind and held[name].size:
            return f"{name} holds {held[name].dtype}"
    return _fault_of_shapes(held) or _fault_of_places(held)


def _fault_of_shapes(held: Mapping[str, Any]) -> str | None:
    options, pieces, columns = (held[name].size for name in ("piece", "starts", "column_piece"))
    prices, quotas = held["prices"].size, held["quota"].size
    table = (options, prices)
    asked = {
        **dict.fromkeys(("piece", "number"), (options,)),
        **dict.fromkeys(("starts", "forced"), (pieces,)),
        **dict.fromkeys(("bound", "cost_cny", "value", "solved"), table),
        **dict.fromkeys(("column_piece", "column_value", "column_cost_cny", "column_sites"), (columns,)),
        "charges": (3, held["charges"].size // 3),
        "column_quota": (held["column_quota"].size // 3, 3),
        "prices": (prices,),
        "quota": (quotas,),
        "figures": (3,),
        "modules": (held["site"].size,),
        "site": (held["site"].size,),
        "version": (),
        **dict.fromkeys(
            ("window_row", "window_low_cny", "window_high_cny", "window_price", "window_bound"),
            (held["window_row"].size,),
        ),
        "words": (max(2, held["words"].size),),
    }
    for name, shape in asked.items():
        if held[name].shape != shape:
            return f"{name} has the shape {held[name].shape}, not {shape}"
    return None if prices else "it has no prices"


def _fault_of_places(held: Mapping[str, Any]) -> str | None:
    wanted, sites, _ = held["figures"].tolist()
    if not (0 <= wanted < np.inf and 0 <= sites <= 1e9 and sites == int(sites)):
        return "figures hold no counts"
    if held["names"].size not in (0, int(sites)):
        return f"names holds {held['names'].size} names for {sites:.0f} sites"
    if (held["column_sites"] < 0).any() or int(held["column_sites"].sum()) != held["site"].size:
        return "column_sites do not add up to the sites"
    pieces, options, columns = held["starts"].size, held["piece"].size, held["column_piece"].size
    for name, values, most in (
        ("piece", held["piece"], pieces),
        ("starts", held["starts"], options),
        ("column_piece", held["column_piece"], pieces),
        ("window_row", held["window_row"], options),
        ("site", held["site"], sites),
        ("charges", held["charges"][0], options),
        ("charges", held["charges"][1], held["quota"].size),
        ("column_quota", held["column_quota"][:, 0], columns),
        ("column_quota", held["column_quota"][:, 1], held["quota"].size),
    ):
        if values.size and not ((values >= 0) & (values < most)).all():
            return f"{name} names what does not exist"
    for name in ("quota", "prices", "column_value", "column_cost_cny", "window_low_cny", "window_high_cny"):
        if not (np.isfinite(held[name]) & (held[name] >= 0)).all():
            return f"{name} holds what is no figure of 0 or more"
    lines = np.r_[held["window_price"], held["window_bound"]]
    if not np.isfinite(lines).all() or (held["window_low_cny"] > held["window_high_cny"]).any():
        return "windows are no figures in order"
    if (np.diff(held["prices"]) <= 0).any() or np.isnan(held["bound"]).any():
        return "prices or bounds are no figures in order"
    return None
