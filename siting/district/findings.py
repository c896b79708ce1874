"""Facts: the sentences of an inspection, in English and Chinese, by finding."""

from collections.abc import Mapping
from types import MappingProxyType

from siting.kinds import Choice

__all__ = ["TEXTS", "Severity"]


class Severity(Choice):
    """What a finding is about; the order is the order of reading."""

    CONTRADICTORY = "contradictory"  # two facts do not fit: look at it before planning
    MISSING = "missing"  # nobody has mapped it: unknown, not none
    GUESSED = "guessed"  # a figure or outline of ours stands in for a fact
    DROPPED = "dropped"  # read, but not used
    INFO = "info"


_C, _M, _G = Severity.CONTRADICTORY, Severity.MISSING, Severity.GUESSED

TEXTS: Mapping[str, tuple[Severity, str, str]] = MappingProxyType(
    {
        "survey_first": (
            _C,
            "{count} of {total} compounds have less than {least} % of their ground under mapped buildings: buildings "
            "are missing from the map, so their ground is not free; survey them first.",
            "{total} 个小区中有 {count} 个已绘楼栋的占地率低于 {least}%：地图缺楼，空白处不能视为空地，请先实地调查。",
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
            "{layer} 中有 {count} 个对象未采用，例如原因：{reason}。",
        ),
    }
)
