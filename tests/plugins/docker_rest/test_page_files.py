"""The files of the page that an image shows to browsers."""

import gzip
import re
from importlib.metadata import PackageNotFoundError, distribution

import pytest

from odahu_pack_core import PlanError
from odahu_pack_docker_rest import ui


@pytest.fixture(scope="module")
def page():
    return {file.path.removeprefix("/pages/"): file for file in ui.page_files("/pages")}


def unpacked(file):
    return gzip.decompress(file.content)


def test_swagger_ui_is_there_as_its_distribution_ships_it(page):
    dist = distribution("flask-swagger-ui").locate_file("flask_swagger_ui/dist")
    for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert unpacked(page[f"{name}.gz"]) == (dist / name).read_bytes()
        assert page[f"{name}.gz"].size * 3 < (dist / name).stat().st_size


def test_its_licence_is_shipped_along(page):
    licence = page["swagger-ui.LICENSE"].content.decode()
    assert re.match(r"Copyright .* SmartBear Software", licence)
    assert "TERMS AND CONDITIONS FOR USE, REPRODUCTION, AND DISTRIBUTION" in licence


def test_the_page_asks_for_the_shipped_files_and_for_nothing_else(page):
    html = page["index.html"].content.decode()
    asked = set(re.findall(r'(?:href|src)="([^"]+)"', html)) - {"api/model/info"}
    assert asked == {f"pages/{name.removesuffix('.gz')}" for name in page if name.endswith(".gz")}


def test_neither_page_nor_script_has_code_or_style_inside_or_names_a_host(page):
    html = page["index.html"].content.decode()
    assert not re.search(r"<style|\son\w+=|style=|javascript:|<script(?! src=)|https?:|//", html)
    assert not re.search(r"https?:", unpacked(page["start.js.gz"]).decode())


def test_the_files_have_the_same_bytes_each_time(page, monkeypatch):
    monkeypatch.setattr("time.time", lambda: 1e9)
    assert list(ui.page_files("/pages")) == list(page.values())
    assert all(file.content[4:8] == bytes(4) for file in page.values() if file.path.endswith(".gz"))


def test_a_missing_swagger_ui_is_an_error_that_says_what_to_install(monkeypatch):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(ui, "distribution", missing)
    with pytest.raises(PlanError) as caught:
        list(ui.page_files("/pages"))
    assert (caught.value.code, "flask-swagger-ui" in caught.value.hint) == ("no-swagger-ui", True)


def test_a_swagger_ui_without_the_file_is_an_error_that_names_it(monkeypatch, tmp_path):
    class Empty:
        def locate_file(self, path):
            return tmp_path / path

    monkeypatch.setattr(ui, "distribution", lambda _: Empty())
    with pytest.raises(PlanError, match=r"swagger-ui-bundle\.js"):
        list(ui.page_files("/pages"))
