"""The audit's one short cut, without an index: what is out of reach along an axis needs no true distance."""

from typing import Any

__all__ = ["boxes_meet"]


def boxes_meet(boxes: Any, box: Any, reach_m: float = 0.0) -> Any:
    """Return which of n boxes lie within `reach_m` of one box along both axes; what does not is farther away."""
    grown_m = reach_m + 1e-6
    return (
        (boxes[:, 0] <= box[2] + grown_m)
        & (boxes[:, 2] >= box[0] - grown_m)
        & (boxes[:, 1] <= box[3] + grown_m)
        & (boxes[:, 3] >= box[1] - grown_m)
    )
