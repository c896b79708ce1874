"""The words that every stage shares: kinds of facility, outcomes, states of a fact and their sources."""

from enum import StrEnum
from typing import Self

from siting.errors import UsageError

__all__ = ["Completeness", "Kind", "Outcome", "Source"]


class Choice(StrEnum):
    """An option that accepts text in any case and, when wrong, lists what it may be."""

    @classmethod
    def create(cls, text: str) -> Self:
        """Return the member called `text`; raise `UsageError` listing the choices otherwise."""
        wanted = text.strip().replace("-", "_").casefold()
        for member in cls:
            if member.value.replace("-", "_").replace(" ", "_").casefold() == wanted.replace(" ", "_"):
                return member
        message = f"{cls.__name__.lower()} {text!r} is unknown; choose one of {', '.join(cls)}"
        raise UsageError(message)


class Kind(Choice):
    """What may be built (DESIGN section 5)."""

    EBIKE_OPEN = "ebike_open"
    EBIKE_SHED = "ebike_shed"
    EBIKE_CABINET = "ebike_cabinet"
    EV_SURFACE = "ev_surface"
    EV_GARAGE = "ev_garage"


class Outcome(Choice):
    """What a clause says of a candidate; the order is from worst to best."""

    FAIL = "FAIL"
    UNCERTAIN = "UNCERTAIN"
    NOT_EVALUATED = "NOT EVALUATED"
    PASS = "PASS"


class Completeness(Choice):
    """How well a class of objects is known: no mapped hydrant does not mean no hydrant.

    OpenStreetMap alone never gives `SURVEYED`; only a planner can say that a class is complete.
    """

    SURVEYED = "surveyed"  # the planner says: what is not listed is not there
    MAPPED = "mapped"  # mapped well enough to be judged on (buildings, roads)
    UNKNOWN = "unknown"  # what is mapped counts, what is not mapped proves nothing


class Source(Choice):
    """Where a fact comes from."""

    TAG = "tag"
    ESTIMATE = "estimate"
    PLANNER = "planner"
    SURVEY = "survey"
    BLOCK = "block"  # a compound made from the streets around it
    OPEN = "open"  # an open set of building footprints, where OpenStreetMap has none
