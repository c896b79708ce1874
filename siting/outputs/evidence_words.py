"""Evidence in Chinese: sources of the catalogue's figures, and the English pieces in names of standards and clauses."""

import re
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files

__all__ = ["source_in_chinese", "standard_in_chinese"]


def source_in_chinese(source: str) -> str:
    """Return where a figure comes from; words of the planner's own stay as they are."""
    return _words()["source"].get(source, source)


def standard_in_chinese(name: str) -> str:
    """Return the name of a standard, a clause, or both, with its English pieces in Chinese."""
    for english, chinese in _words()["standard"].items():  # the longer pieces stand first
        name = re.sub(rf"(?<![A-Za-z]){re.escape(english)}(?![A-Za-z])", chinese, name)
    return re.sub(r"(?<=[\u4e00-\u9fff,]) (?=[\u4e00-\u9fff0-9])|(?<=[\u4e00-\u9fff]) (?=及)", "", name)


@cache
def _words() -> Mapping[str, Mapping[str, str]]:
    source = files("siting.outputs").joinpath("texts", "evidence_zh.toml").read_text(encoding="utf-8")
    return tomllib.loads(source)
