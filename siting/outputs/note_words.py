"""Notes on facts and options in Chinese: the stages say them in English, each in one of these forms.

A note in no known form is shown as it stands, in both languages.
"""

import re

__all__ = ["in_chinese"]

_FORMS = tuple(
    (re.compile(form, re.DOTALL), chinese)
    for form, chinese in (
        (r"This district is made up \(synthetic\): it is no real place\.", "本片区为合成数据,并非真实地点。"),
        (r"(.+?): nothing on the map tells whether its datum \((.+)\) is right; look at it",
         "{0}:底图无法判断其坐标基准({1})是否正确,请人工核对"),
        (r"(.+?): survey first, buildings cover only (.+) of it on the map, so its open ground is not known to be "
         r"free; no candidates", "{0}:应先补测。图上楼栋只占 {1},空地是否空闲不明,不提供候选点"),
        (r"(.+?): (\S+) of its ground lies more than (\S+) m from any mapped building and may hold unmapped ones; "
         r"nothing is offered there until it is surveyed",
         "{0}:{1} 的用地距任何已测绘楼栋超过 {2} m,可能有未测绘楼栋,补测前不提供候选点"),
        (r"(.+?): no ground on which every must clause on (\S+) surely passes",
         "{0}:没有一处用地确定满足 {1} 的全部强制条款"),
        (r"(.+?): no mapped surface car park in or beside it on which every must clause on (\S+) surely passes",
         "{0}:小区内或其旁没有确定满足 {1} 全部强制条款的地面停车场"),
        (r"ev_garage: no mapped garage has stalls and levels; give them as a layer to plan in garages",
         "ev_garage:没有车库测绘了车位和层数;如需在车库内规划,请以图层提供"),
        (r"(.+?): drawn by the planner, not offered: (.+)", "{0}:规划人员绘制,未列为候选点:{1}"),
        (r"(.+?) \((.+)\): stands in no mapped building; (\d+) candidates lie within (\S+) m of it \((.+)\); look "
         r"whether a building is missing from the map",
         "{0}({1})不在任何已绘楼栋内;{2} 个候选点距其不超过 {3} m({4}),请核实该处是否缺楼"),
        (r"(\d+) drawn candidates are of kinds that this study does not plan \((.+)\)",
         "{0} 个绘制的候选点属于本研究不规划的类型({1})"),
        (r"(\d+) compounds lie outside the box and are left out", "{0} 个小区在研究范围之外,未计入"),
        (r"(.+) lie beyond the halo of (\S+) m and are left out", "{0} 在外围 {1} m 缓冲带之外,未计入"),
        (r"(\d+) ways run out of the file; only their part inside it is used",
         "{0} 条线路超出文件范围,只使用范围内部分"),
        (r"(\d+) ways slope without a figure that can be read, so how steep is unknown \((.+)\)",
         "{0} 条道路标有坡向而无可用坡度数值,坡度不明({1})"),
        (r"A metre of a way of (\S+) % slope or more, and of stairs, counts (\S+) m in walks "
         r"\(the planner's choice, no standard\); the slope of (\d+) of (\d+) walkable ways is known",
         "坡度不小于 {0}% 的道路及台阶,步行每米按 {1} m 计(规划人员自定,无标准依据);{3} 条可步行道路中 {2} 条坡度已知"),
        (r"(\d+) mapped stairs are closed to walks \(reach\.steps\)", "{0} 处台阶不计入步行(reach.steps)"),
        (r"(\d+) invalid outlines were repaired \((.+)\)", "修复了 {0} 个无效轮廓({1})"),
        (r"(\d+) objects stand far away or have a misplaced node \((.+)\)", "{0} 个对象位置过远或节点错位({1})"),
        (r"(\d+) objects reach farther than (\S+) km and are cut \((.+)\)", "{0} 个对象超出 {1} km,已裁剪({2})"),
        (r"(.+?): (\S+) of (\S+) rows lie beyond the district and 2 km around it; they were not read",
         "{0}:{2} 行中有 {1} 行在片区及其外围 2 km 之外,未读取"),
        (r"(.+?): (\d+) rows meet no object here \((.+)\)", "{0}:{1} 行在本片区没有对应对象({2})"),
        (r"(.+?): (\d+) compounds named there are unknown here \((.+)\)", "{0}:其中 {1} 个小区在本片区不存在({2})"),
        (r"(.+?): (\d+) doors belong to no building within (\S+) m \((.+)\)",
         "{0}:{1} 个门在 {2} m 内没有所属楼栋({3})"),
        (r"(.+?): (\d+) outlines lost a strip that their neighbour claims too \((.+)\)",
         "{0}:{1} 个轮廓与相邻轮廓重叠的条带已去除({2})"),
        (r"(.+?): (\d+) columns are not used \((.+)\)", "{0}:{1} 列未使用({2})"),
    )
)  # fmt: skip


def in_chinese(note: str) -> str | None:
    """Return a note in Chinese, or None where its form is not known."""
    for form, chinese in _FORMS:
        found = form.fullmatch(note)
        if found:
            return chinese.format(*found.groups())
    return None
