"""Facts: what planners' tables call things. Chinese headings and words, units in brackets, and garbled text."""

import re
from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType

from siting.errors import LayerError

__all__ = ["HEADINGS", "WORDS", "headings", "likely_original", "refuse_garbled"]

#: Headings by what they mean; the same in every role.
HEADINGS: Mapping[str, str] = MappingProxyType(
    {
        "编号": "id",
        "名称": "name",
        "街道": "subdistrict",
        "所属街道": "subdistrict",
        "户数": "households",
        "总户数": "households",
        "居民户数": "households",
        "电动自行车": "ebikes",
        "电动自行车数": "ebikes",
        "电动自行车数量": "ebikes",
        "电瓶车": "ebikes",
        "电动汽车": "evs",
        "新能源汽车": "evs",
        "投诉": "complaints",
        "投诉数": "complaints",
        "投诉件数": "complaints",
        "隐患": "hazards",
        "隐患数": "hazards",
        "安全隐患": "hazards",
        "改造年份": "renovation_year",
        "改造年度": "renovation_year",
        "管沟": "trench",
        "随改造开挖": "trench",
        "权重": "weight",
        "层数": "levels",
        "楼层": "levels",
        "高度": "height_m",
        "建筑高度": "height_m",
        "耐火等级": "fire_class",
        "用途": "use",
        "剩余容量": "spare_kva",
        "可用容量": "spare_kva",
        "富余容量": "spare_kva",
        "类型": "kind",
        "类别": "kind",
        "通行": "access",
        "宽度": "width_m",
        "坡度": "slope_percent",
        "车位数": "bays",
        "泊位数": "bays",
        "现有模块": "standing_modules",
        "现有模块数": "standing_modules",
        "拆除费用": "removal_cost_cny",
        "来源": "source",
        "地下层": "levels_down",
        "防火单元面积": "fire_unit_m2",
        "防火单元车位": "fire_unit_stalls",
        "防火单元": "fire_unit",
        "出入口间距": "entrance_gap_m",
        "入口步行距离": "entrance_walk_m",
        "火灾自动报警": "alarm",
        "排烟": "smoke_exhaust",
        "自动喷水": "sprinklers",
        "应急照明": "emergency_lighting",
        "防火分隔": "fire_separation",
        "灭火器": "extinguishers",
        "经度": "lon",
        "纬度": "lat",
        "横坐标": "x",
        "东坐标": "x",
        "纵坐标": "y",
        "北坐标": "y",
        "坐标系": "crs",
        "坐标系统": "crs",
        "longitude": "lon",
        "lng": "lon",
        "latitude": "lat",
    }
)
#: Headings that mean the row itself in one role and a compound it belongs to in another.
_BY_ROLE: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {
        "compounds": {"小区": "name", "小区名称": "name", "小区名": "name", "小区编号": "compound_id"},
        "transformers": {"小区": "compound_ids", "供电小区": "compound_ids", "变压器": "name", "变压器编号": "id"},
        "candidates": {"小区": "compound_id", "小区名称": "compound_id", "端口数": "ports"},
        "garage_zones": {"小区名称": "compound_id", "车位数": "capacity"},
        "entrances": {"汽车库": "building_id", "车库": "building_id", "楼栋": "building_id"},
        "footprints": {"height": "height_m", "num_floors": "levels", "floors": "levels", "storeys": "levels"},
    }
)
_ELSEWHERE = MappingProxyType({"小区": "compound_id", "小区编号": "compound_id", "所属小区": "compound_id"})

#: Words in cells by what they mean.
WORDS: Mapping[str, str] = MappingProxyType(
    {
        "规划": "planner",
        "勘察": "survey",
        "现场勘察": "survey",
        "实测": "survey",
        "有": "yes",
        "无": "no",
        "一级": "I-II",
        "二级": "I-II",
        "三级": "III",
        "四级": "IV",
        "住宅": "residential",
        "幼儿园": "kindergarten",
        "学校": "school",
        "医院": "hospital",
        "养老": "elderly_care",
        "商业": "commercial",
        "单元门": "entrance",
        "入口": "entrance",
        "安全出口": "exit",
        "疏散出口": "exit",
        "车库入口": "garage",
        "车库出入口": "garage",
        "地下": "underground",
        "地下车库": "underground",
        "立体车库": "multi_storey",
        "消火栓": "hydrant",
        "围墙": "wall",
        "围栏": "fence",
        "绿化": "green",
        "水面": "water",
        "树": "tree",
        "充电棚": "ebike_shed",
        "车棚": "ebike_shed",
        "充电车棚": "ebike_shed",
        "露天充电": "ebike_open",
        "充电桩": "ebike_open",
        "充电柜": "ebike_cabinet",
        "汽车充电": "ev_surface",
        "汽车充电位": "ev_surface",
        "车库充电位": "ev_garage",
    }
)

_UNIT = re.compile(r"\s*[（(\[【].*?[)）\]】]\s*$")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_LOST = ("\ufffd", "锟斤拷", "烫烫烫")


def headings(titles: Iterable[object], role: str, file_name: str) -> list[str]:
    """Return the column that each heading means, units in brackets left out; a foreign heading stays as it is.

    Raises `LayerError` when two headings mean the same.
    """
    own = _BY_ROLE.get(role, {})
    names: list[str] = []
    shown: dict[str, str] = {}
    for title in map(str, titles):
        bare = title.strip() if _UNIT.fullmatch(title.strip()) else _UNIT.sub("", title.strip())
        word = bare.casefold()
        name = own.get(word) or (HEADINGS.get(word) if role != "compounds" or word not in own else None)
        name = name or _ELSEWHERE.get(word) or (title.strip() if bare == title.strip() else bare)
        if name in shown and name in (*HEADINGS.values(), *own.values()):
            message = f"{file_name}: columns {shown[name]!r} and {title.strip()!r} both mean {name}; keep one"
            raise LayerError(message)
        shown[name] = title.strip()
        names.append(name)
    return names


def refuse_garbled(texts: Sequence[object], file_name: str, repair: str) -> None:
    """Raise `LayerError` if a text is Chinese read in the wrong encoding, with what it likely was."""
    for text in texts:
        if not isinstance(text, str) or text.isascii():
            continue
        if any(mark in text for mark in _LOST):
            message = f"{file_name}: text {text[:24]!r} lost its letters in a wrong encoding; {repair}"
            raise LayerError(message)
        original = likely_original(text)
        if original:
            message = f"{file_name}: text {text[:24]!r} is garbled, likely {original[:24]!r}; {repair}"
            raise LayerError(message)


def likely_original(text: str) -> str:
    """Return the Chinese that `text` was before somebody read its bytes in a wrong encoding, "" if it looks right."""
    if _CHINESE.search(text):
        pairs: tuple[tuple[str, str], ...] = (("gb18030", "utf-8"),)
    else:
        pairs = tuple((wrong, right) for wrong in ("latin-1", "cp1252") for right in ("utf-8", "gb18030"))
    for wrong, right in pairs:
        try:
            original = text.encode(wrong).decode(right)
        except UnicodeError:
            continue
        foreign = [letter for letter in original if not letter.isascii()]
        if len(_CHINESE.findall(original)) >= 2 and all(_is_plain(letter) for letter in foreign):
            return original
    return ""


def _is_plain(letter: str) -> bool:
    return bool(_CHINESE.match(letter)) or letter in "，。、；：（）《》“”·—０１２３４５６７８９"
