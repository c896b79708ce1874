"""map.html: one file that draws with the network cut. Leaflet is inlined, the basemap is the district's own layers.

The page's security policy allows nothing but the two scripts written here (by their hashes) and inline style.
"""

import json
from pathlib import Path

from markupsafe import Markup

from siting.outputs.foreign import json_for_script
from siting.outputs.map_data import map_data
from siting.outputs.pages import leaflet, policy, read_asset, render
from siting.outputs.run import Run
from siting.outputs.styles import PALETTE
from siting.outputs.texts import LANGUAGES, Texts

__all__ = ["write_map"]


def write_map(run: Run, path: Path) -> None:
    """Write map.html; it opens in the language of the study (Chinese unless it says otherwise)."""
    language = str(run.study.get("output", {}).get("language", LANGUAGES[0]))
    library, library_style = leaflet()
    script = f"var PALETTE={json.dumps(dict(PALETTE), sort_keys=True)};\n{read_asset('map.js').strip()}"
    page = render(
        "map.html.j2",
        lang=language,
        title=f"{run.district.name} · {Texts.load(language).t('map.title')}",
        policy=policy(library, script),
        library=Markup(library),
        library_style=Markup(library_style),
        style=Markup(read_asset("map.css")),
        data=Markup(json_for_script(map_data(run, language))),
        script=Markup(script),
    )
    path.write_text(page, encoding="utf-8", newline="\n")
