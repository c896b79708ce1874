"""Facts: the sentences of an inspection, in English and Chinese, by finding."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from siting.kinds import Choice

__all__ = ["LAYERS_ZH", "SOURCES", "TEXTS", "Severity", "reason_in_chinese"]


class Severity(Choice):
    """What a finding is about; the order is the order of reading."""

    CONTRADICTORY = "contradictory"  # two facts do not fit: look at it before planning
    MISSING = "missing"  # nobody has mapped it: unknown, not none
    GUESSED = "guessed"  # a figure or outline of ours stands in for a fact
    DROPPED = "dropped"  # read, but not used
    INFO = "info"


#: Where an object comes from, in English and Chinese.
SOURCES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "tag": ("OpenStreetMap", "OpenStreetMap"),
        "estimate": ("estimated", "估算"),
        "planner": ("planner's layer", "规划者图层"),
        "survey": ("survey", "实地调查"),
        "block": ("street blocks", "街区"),
        "open": ("open building set", "开放建筑数据"),
    }
)

_C, _M, _G = Severity.CONTRADICTORY, Severity.MISSING, Severity.GUESSED

TEXTS: Mapping[str, tuple[Severity, str, str]] = MappingProxyType(
    {
        "survey_first": (
            _C,
            "{count} of {total} compounds have less than {least} % of their ground under mapped buildings: buildings "
            "are missing from the map, so their ground is not free; survey them first.",
            "{total} 个小区中有 {count} 个已绘楼栋的占地率低于 {least}%：地图缺楼，空白处不能视为空地，请先实地调查。",
        ),
        "position_error": (
            _G,
            "{count} of {total} building outlines count as exact to {error} m (source.position_error_m: the study's "
            "figure, not measured, the same for every source): {sources}. A set drawn by a machine may be off by more; "
            "surveyed objects count as exact.",
            "{total} 栋楼中 {count} 栋的轮廓按 {error} m 误差计（source.position_error_m：本研究设定，未经实测，"
            "各来源相同）：{sources_zh}。机器提取的数据误差可能更大；实地调查的对象视为准确。",
        ),
        "unmapped_signs": (
            _C,
            "{count} shops, restaurants, offices or addresses inside compounds stand in no mapped building: buildings "
            "are probably missing from the map there; survey the ground around them first.",
            "小区内有 {count} 处商铺、餐饮、单位或门牌不在任何已绘楼栋内：该处地图很可能缺楼，请先实地调查其周边。",
        ),
        "buildings_overlap": (
            _C,
            "{count} pairs of buildings overlap; one of each pair is drawn wrongly or twice.",
            "{count} 对楼栋轮廓相互重叠，其中必有一个画错或重复。",
        ),
        "compound_shut": (
            _C,
            "{count} of {total} compounds have neither a mapped gate nor a way across their boundary; give gates, or "
            "nobody can be said to walk in or out.",
            "{total} 个小区中有 {count} 个既无出入口，也无道路穿过边界；请补充大门位置，否则无法计算进出步行距离。",
        ),
        "outside_compounds": (
            _C,
            "{count} of {total} dwellings (or buildings of unknown use) in the study area lie in no compound and are "
            "not served.",
            "研究范围内 {total} 栋住宅或用途不明的楼栋中，有 {count} 栋不属于任何小区，不计入服务对象。",
        ),
        "compound_name_repeats": (
            _C,
            "{count} compounds share their name with another; check whether they are one.",
            "{count} 个小区与其他小区重名，请核对是否为同一小区。",
        ),
        "no_hydrant": (
            _M,
            "No fire hydrant is mapped: their places are unknown, which does not mean that there are none.",
            "未绘制消火栓：位置未知，并不表示没有消火栓。",
        ),
        "no_climbing_area": (
            _M,
            "No climbing area for fire engines is mapped; clauses about it cannot be evaluated.",
            "未绘制消防车登高操作场地，相关条款无法判定。",
        ),
        "no_entrance": (
            _M,
            "No building entrance or exit is mapped; every facade has to be treated as one.",
            "未绘制单元门或安全出口，只能把整个外墙都按出口对待。",
        ),
        "no_gate": (
            _M,
            "No gate of a compound is mapped; gates are taken to be where a way crosses the boundary.",
            "未绘制小区大门，只能以道路穿过边界处作为出入口。",
        ),
        "no_barrier": (
            _M,
            "No wall or fence is mapped; compound boundaries stand in for them.",
            "未绘制围墙或栅栏，以小区边界代替。",
        ),
        "no_transformer": (
            _M,
            "No transformer is mapped; spare capacity has to come from the grid company (layer transformers).",
            "未绘制变压器；剩余容量须由供电部门提供（transformers 图层）。",
        ),
        "no_parking": (
            _M,
            "No car park is mapped; charging at parking stalls cannot be planned.",
            "未绘制停车场，无法规划停车位充电设施。",
        ),
        "height_unknown": (
            _M,
            "{count} of {total} buildings ({share} %) have neither height nor storeys.",
            "{total} 栋楼中有 {count} 栋（{share}%）既无高度也无层数。",
        ),
        "lane_width_unknown": (
            _M,
            "{count} of {total} lanes a fire engine may need ({share} %) have no mapped width.",
            "{total} 条消防车可能通行的道路中有 {count} 条（{share}%）没有宽度。",
        ),
        "capacity_unknown": (
            _M,
            "{count} of {total} car parks have no mapped number of stalls.",
            "{total} 个停车场中有 {count} 个没有车位数。",
        ),
        "parking_kind_unknown": (
            _M,
            "{count} of {total} car parks do not say whether they are on the ground, in a building or below it.",
            "{total} 个停车场中有 {count} 个未说明是地面、楼内还是地下。",
        ),
        "spare_kva_unknown": (
            _M,
            "{count} of {total} transformers have no known spare capacity.",
            "{total} 台变压器中有 {count} 台剩余容量不明。",
        ),
        "households_unknown": (
            _M,
            "{count} of {total} compounds have no number of households; demand there is estimated from footprints and "
            "storeys.",
            "{total} 个小区中有 {count} 个没有户数，其需求按占地面积和层数估算。",
        ),
        "height_estimated": (
            _G,
            "{count} of {total} buildings ({share} %) have a height estimated as 3.0 m a storey.",
            "{total} 栋楼中有 {count} 栋（{share}%）的高度按每层 3.0 米估算。",
        ),
        "use_unknown": (
            _G,
            "{count} of {total} buildings ({share} %) do not say what they are for; they count as possible dwellings.",
            "{total} 栋楼中有 {count} 栋（{share}%）用途不明，按可能的住宅计。",
        ),
        "block_compounds": (
            _G,
            "{count} of {total} compounds are street blocks or the surroundings of dwellings, not surveyed outlines.",
            "{total} 个小区中有 {count} 个由街区或住宅周边生成，并非实测边界。",
        ),
        "entrance_astray": (
            _G,
            "{count} of {total} entrances lie more than 1 m from every building and belong to none.",
            "{total} 个出入口中有 {count} 个距任何楼栋超过 1 米，未归属楼栋。",
        ),
        "overridden": (
            Severity.INFO,
            "{count} values were replaced by the planner's layers ({layers}).",
            "规划图层（{layers}）替换了 {count} 个数值。",
        ),
        "dropped": (
            Severity.DROPPED,
            "{count} objects for {layer} are not used, e.g. because: {reason}.",
            "{layer_zh}中有 {count} 个对象未采用，例如原因：{reason_zh}。",
        ),
    }
)

LAYERS_ZH: Mapping[str, str] = MappingProxyType(
    {
        "areas": "面状对象",
        "barriers": "围墙",
        "buildings": "楼栋",
        "compounds": "小区",
        "edges": "铁路",
        "entrances": "出入口",
        "gates": "大门",
        "obstacles": "障碍与敏感目标",
        "parking": "停车场",
        "places": "地名",
        "roads": "道路",
        "transformers": "变压器",
        "unknown": "类别不明",
    }
)

#: Reasons of `District.dropped` as they are written, with what they read in Chinese; groups are carried over.
_REASONS_ZH: tuple[tuple[str, str], ...] = (
    (r"only a point; its outline is not mapped", r"只有点位，没有轮廓"),
    (r"(\d+) of its (\d+) nodes are not in the file", r"\2 个节点中有 \1 个不在文件内"),
    (r"(\d+) of its (\d+) member ways are not in the file", r"\2 条成员线中有 \1 条不在文件内"),
    (r"fewer than two neighbouring nodes are in the file", r"文件内相邻节点不足两个"),
    (r"its nodes have negative ids .*", r"节点编号为负（编辑器中绘制、未上传），请先运行 osmium renumber"),
    (r"its outline is not closed", r"轮廓未闭合"),
    (r"its rings do not close", r"轮廓环未闭合"),
    (r"its outline crosses itself or has no area", r"轮廓自相交或没有面积"),
    (r"its outline has no area", r"轮廓没有面积"),
    (r"has no member ways", r"没有成员线"),
    (r"its coordinates are missing or out of range", r"坐标缺失或超出范围"),
    (r"its tags are not UTF-8 text", r"标签不是 UTF-8 文本"),
    (r"lies underground", r"位于地下"),
    (r"tunnel for vehicles, not on the ground", r"机动车隧道，不在地面"),
    (r"no mapped building stands mostly inside", r"没有已绘楼栋主要位于其内"),
    (r"([\d.]+) ha is less than the ([\d.]+) ha of the smallest compound", r"\1 公顷，小于小区下限 \2 公顷"),
    (r"([\d.]+) ha is a district, not a compound \(most ([\d.]+) ha\)", r"\1 公顷，属于片区而非小区（上限 \2 公顷）"),
    (r"is the same ground as (\S+)", r"与 \1 是同一块地"),
    (r"is mostly taken by smaller compounds \((.*)\)", r"大部分已被更小的小区占据（\1）"),
)


def reason_in_chinese(reason: str) -> str:
    """Return a reason of `District.dropped` in Chinese; one that a planner's layer gave stays as it is."""
    for pattern, chinese in _REASONS_ZH:
        match = re.fullmatch(pattern, reason)
        if match:
            return match.expand(chinese)
    return reason
