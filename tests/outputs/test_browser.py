"""The pages in a real browser with the network cut; skipped where there is no Chromium."""

import re
import shutil
import subprocess

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH"),
]


def dump(page, profile, query=""):
    """Return the DOM after the scripts ran, and what the console said."""
    flags = (
        "--headless --no-sandbox --disable-gpu --no-first-run --disable-background-networking --disable-sync"
        " --disable-component-update --enable-logging=stderr --virtual-time-budget=8000 --proxy-server=127.0.0.1:9"
    )
    command = [CHROMIUM, *flags.split(), f"--user-data-dir={profile}", "--dump-dom", page.as_uri() + query]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    console = [line for line in done.stderr.splitlines() if ":CONSOLE" in line or "Refused" in line]
    return done.stdout, console


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_map_draws_every_polygon_and_stays_silent(folder, tmp_path, lang):
    page, console = dump(folder / "map.html", tmp_path, f"#lang={lang}&layers=refused,zones&site=1")
    assert console == []
    assert 'data-errors="0"' in page
    assert int(re.search(r'data-polygons="(\d+)"', page)[1]) == 4 + 2 + 2 + 1
    assert "<canvas" in page
    assert {"zh": "选定点", "en": "Sites"}[lang] in page
    assert {"zh": "不得占用消火栓", "en": "Hydrants stay free"}[lang] in page
    assert "<script>alert" not in page


def test_the_report_switches_language_without_a_word_on_the_console(folder, tmp_path):
    page, console = dump(folder / "report.html", tmp_path, "#lang=en")
    assert console == []
    assert 'lang="en"' in page[:200]
    assert 'data-ready="1"' in page
