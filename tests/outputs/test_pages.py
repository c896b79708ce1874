import re

import pytest
from outputs import run_builders as builders

from siting.outputs.map import write_map
from siting.outputs.pages import leaflet, policy
from siting.outputs.report import write_report

PAGES = ("map.html", "report.html")


@pytest.fixture(params=PAGES)
def page(request, folder):
    return (folder / request.param).read_text(encoding="utf-8")


def test_nothing_is_fetched_from_anywhere(page):
    markup = re.sub(r"<script.*?</script>", "", page, flags=re.S)
    assert re.findall(r"<(?:link|img|iframe|object|embed|base)\b", markup) == []
    assert re.findall(r"\b(?:src|href)\s*=", markup) == []
    assert re.findall(r"@import|url\((?!#)", markup) == []
    assert "default-src &#39;none&#39;" in page


def test_only_our_scripts_may_run(page):
    scripts = re.findall(r"<script>(.*?)</script>", page, flags=re.S)
    assert policy(*scripts).replace("'", "&#39;") in page


def test_foreign_text_is_inert(page):
    assert "<script>alert(1)" not in page
    assert builders.HOSTILE not in page


def test_made_up_data_says_so_and_real_data_does_not(folder, tmp_path):
    real = builders.run(synthetic=False)
    write_map(real, tmp_path / "map.html")
    write_report(real, tmp_path / "report.html")
    assert 'class="banner"' in (folder / "report.html").read_text(encoding="utf-8")
    assert 'class="banner"' not in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert '"synthetic":true' in (folder / "map.html").read_text(encoding="utf-8")
    assert '"synthetic":false' in (tmp_path / "map.html").read_text(encoding="utf-8")
    assert "© OpenStreetMap contributors" in (tmp_path / "map.html").read_text(encoding="utf-8")
    assert "© OpenStreetMap contributors" in (tmp_path / "report.html").read_text(encoding="utf-8")


def test_the_report_answers_in_both_languages(folder):
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "建设1处、共10个端口，投资13,500元，可服务25辆电动自行车，占需求的42%" in page
    assert "Build 1 site with 10 ports for CNY 13,500. They serve 25 e-bikes, 42% of the demand" in page
    assert "maximise weighted service" in page


def test_the_script_of_the_map_is_es5():
    from siting.outputs.pages import read_asset

    for name in ("map.js", "report.js"):
        source = re.sub(r"/\*.*?\*/|\"(?:\\.|[^\"\\])*\"", "", read_asset(name), flags=re.S)
        assert re.findall(r"=>|`|\b(?:const|let|class|async)\b", source) == []


def test_leaflet_comes_without_links():
    script, style = leaflet()
    assert "sourceMappingURL" not in script
    assert "url(images" not in style
