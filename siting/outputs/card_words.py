"""The card of a candidate as lines of text, in Chinese or English."""

from collections.abc import Iterator, Mapping
from typing import Any

from siting.outputs.evidence_words import standard_in_chinese
from siting.outputs.texts import Texts
from siting.outputs.words import format_number, lost_figure

__all__ = ["card_lines"]

_MARKS = {"PASS": "+", "FAIL": "x", "UNCERTAIN": "?", "NOT EVALUATED": "-"}


def card_lines(card: Mapping[str, Any], lang: str) -> Iterator[str]:
    """Yield the card line by line."""
    texts = Texts.load(lang)
    layout = card["layout"]
    yield f"{card['candidate_id']}  {texts.t('kind.' + card['kind'])}  {texts.t('card.' + card['state'])}"
    yield texts.t("card.place", compound=card["compound_name"] or card["compound_id"], place=card["place_id"])
    yield texts.t(
        "card.layout",
        bays=layout["bays"],
        groups=layout["groups"],
        ports=layout["ports"],
        power=format_number(layout["power_kw"], 1),
        cost=format_number(layout["cost_cny"]),
    )
    yield from _garage(card.get("garage"), texts)
    yield ""
    for item in card["clauses"]:
        yield from _clause(item, lang, texts)
    yield ""
    yield from _refusal(card, lang, texts)
    yield from _signed(card, texts)
    yield from _waived(card, texts)
    yield from _reach(card["reach"], texts)
    yield from _why(card, texts)
    yield from _worth(card.get("worth"), texts)


def _garage(garage: Mapping[str, Any] | None, texts: Texts) -> Iterator[str]:
    if garage is None:
        return
    level = garage["levels_down"]
    words = [
        str(garage["name"] or garage["garage_id"]),
        texts.t("map.level_unknown")
        if level is None
        else texts.t("map.level_down", n=f"{level:g}")
        if level > 0
        else texts.t("map.level_ground"),
        *([texts.t("map.fire_unit", n=garage["fire_unit"])] if garage["fire_unit"] else []),
        *([texts.t("map.unit_stalls", n=f"{garage['fire_unit_stalls']:g}")] if garage["fire_unit_stalls"] else []),
    ]
    yield f"{texts.t('map.garage')}: {' · '.join(words)}"


def _clause(item: Mapping[str, Any], lang: str, texts: Texts) -> Iterator[str]:
    outcome = item["outcome"]
    title = item.get(f"title_{lang}", item["clause_id"])
    yield f"{_MARKS[outcome]} {texts.t('outcome.' + outcome)} · {item['clause_id']} {title} ({_force(item, texts)})"
    parts = []
    if item["measured"] is not None:
        parts.append(texts.t("map.measured", value=_amount(item, "measured")))
    if item["required"] is not None:
        sign = "≥" if item.get("op", ">=") == ">=" else "≤"
        parts.append(texts.t("map.required", value=f"{sign} {_amount(item, 'required')}"))
    if item["margin"] is not None:
        parts.append(texts.t("card.margin", margin=f"{item['margin']:+g}", error=f"{item['tolerance']:g}"))
    if item["object"]:
        parts.append(item["object"])
    yield "    " + " · ".join(parts or [texts.t("map.no_object" if outcome == "PASS" else "map.no_fact")])
    if "source" in item:
        seen = texts.t("confidence." + item["confidence"])
        standard = standard_in_chinese(item["standard"]) if lang == "zh" else item["standard"]
        yield f"    {standard} · {seen} · {item['source']}"


def _force(item: Mapping[str, Any], texts: Texts) -> str:
    return texts.t("force." + item["force"])


def _amount(item: Mapping[str, Any], name: str) -> str:
    return f"{item[name]:g} {item['unit']}"


def _refusal(card: Mapping[str, Any], lang: str, texts: Texts) -> Iterator[str]:
    miss, move = card["nearest_miss"], card["smallest_move"]
    if miss is not None:
        short = "–" if miss["margin"] is None else f"{abs(miss['margin']):g} {miss['unit']}"
        yield texts.t("card.miss", clause=f"{miss['clause_id']} {miss.get(f'title_{lang}', '')}".strip(), short=short)
    if move is not None:
        if move["reason"] == "moved":
            said = texts.t("map.move_by", m=f"{move['move_m']:g}", dx=f"{move['dx_m']:+g}", dy=f"{move['dy_m']:+g}")
        else:
            said = texts.t("move.layout" if move["reason"] == "layout" else "move.none")
        yield f"{texts.t('map.move')}: {said}"


def _signed(card: Mapping[str, Any], texts: Texts) -> Iterator[str]:
    for item in card["exemptions"]:
        if item.get("unit") == "systems":
            has = texts.t(f"fact.{item['feature_id']}")
            names = ", ".join(item["attestations"])
            yield texts.t("card.equipped", clause=item["clause_id"], row=item["row"], object=has, names=names)
            continue
        yield texts.t(
            "card.exempt",
            clause=item["clause_id"],
            row=item["row"],
            object=item["feature_id"],
            names=", ".join(item["attestations"]),
            full=f"{item['full_m']:g}",
            granted=f"{item['granted_m']:g}",
        )


def _waived(card: Mapping[str, Any], texts: Texts) -> Iterator[str]:
    for item in card["waived"]:
        yield f"{texts.t('signed.waiver')} {item['waiver_id']}: {item['clause_id']}"


def _reach(reach: Mapping[str, Any], texts: Texts) -> Iterator[str]:
    yield texts.t(
        f"card.reach_{reach['measured']}",
        buildings=reach["buildings"],
        vehicles=format_number(reach["vehicles"]),
        households=format_number(reach["households"]),
        waiting=format_number(reach["vehicles_not_served_now"]),
    )
    for item in reach["nearest"]:
        yield f"    {item['building_id']}  {format_number(item['walk_m'], 1)} m  {format_number(item['vehicles'], 1)}"


def _why(card: Mapping[str, Any], texts: Texts) -> Iterator[str]:
    why = card["why"]
    if why["reason"] == "chosen":
        yield texts.t(
            "card.why_chosen",
            served=format_number(why["served"]),
            households=format_number(why["households_served"]),
            loss=format_number(why["loss_at_most"]),
        )
        other = why["runner_up"]
        if other is None:
            yield texts.t("card.no_runner_up")
        else:
            yield texts.t(
                "card.runner_up",
                name=other["candidate_id"],
                vehicles=format_number(other["vehicles"]),
                cost=format_number(other["cost_cny"]),
            )
        return
    if why["reason"] == "refused":
        yield texts.t("card.why_refused")
        return
    yield texts.t(
        f"card.why_{why['reason']}",
        site=why["nearest_site"] or "–",
        apart=format_number(why["nearest_site_m"], 2),
        least=format_number(why["least_cost_cny"]),
        idle=format_number(why["idle_cny"]),
    )


def _worth(worth: Mapping[str, Any] | None, texts: Texts) -> Iterator[str]:
    if worth is None:
        return
    if worth["needed"]:
        yield texts.t("worth.needed")
        return
    figure, loss = lost_figure(worth)
    yield texts.t("worth.again", lost=texts.t(f"worth.lost_{figure}", loss=loss))
    yield texts.t("worth.instead", sites=worth["instead"]) if worth["instead"] else texts.t("worth.nothing_instead")
