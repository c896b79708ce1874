"""The two HTML pages' common ground: templates, inlined assets and the security policy."""

import base64
import hashlib
import re
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

__all__ = ["FONTS", "leaflet", "policy", "read_asset", "render"]

#: Chinese fonts by system: Windows, macOS, Linux; nothing is embedded, as every one of them has such a font.
FONTS = (
    '"Microsoft YaHei","PingFang SC","Noto Sans CJK SC","Source Han Sans SC","WenQuanYi Micro Hei",'
    '"Helvetica Neue",Arial,sans-serif'
)


def read_asset(name: str) -> str:
    """Return a file of the templates folder as text."""
    return files("siting.outputs").joinpath("templates", name).read_text(encoding="utf-8")


def leaflet() -> tuple[str, str]:
    """Return Leaflet's script and style sheet without links to further files, to be inlined.

    The layer control's pictures and the source map are not used and would be fetched.
    """
    folder = files("js_lib_leaflet").joinpath("static", "js_lib_leaflet")
    script = folder.joinpath("leaflet.js").read_text(encoding="utf-8")
    style = folder.joinpath("leaflet.css").read_text(encoding="utf-8")
    script = re.sub(r"//# sourceMappingURL=.*", "", script).replace("\r\n", "\n").strip()
    return script, re.sub(r"url\((?!#)[^)]*\)", "none", style).replace("\r\n", "\n")


def policy(*scripts: str) -> str:
    """Return a content security policy that allows these very scripts, inline style, and nothing from anywhere."""
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in scripts)
    allowed = " ".join(f"'sha256-{digest}'" for digest in digests)
    return (
        f"default-src 'none'; script-src {allowed}; style-src 'unsafe-inline'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    )


def render(template: str, **values: Any) -> str:
    """Return a page; every value is escaped unless it is `Markup`, an unknown name is an error."""
    environment = Environment(
        loader=PackageLoader("siting.outputs"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(template).render(values | {"fonts": Markup(FONTS)})
