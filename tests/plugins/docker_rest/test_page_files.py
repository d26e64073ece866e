"""The files of the page that an image shows to browsers."""

import gzip
import hashlib
import re
from importlib.metadata import PackageNotFoundError, distribution, requires
from pathlib import Path

import pytest

from odahu_pack_core import PlanError
from odahu_pack_docker_rest import ui

ROOT = Path(__file__).parents[3]
SWAGGER_UI = {
    "swagger-ui-bundle.js.gz": "63083fe4e342f9e9fa53cfe83bedbf58fb93476e49f8e415c028c20090c4ec8f",
    "swagger-ui.css.gz": "3fd9e5b5ccfe205ee2c0f94f4fed28f3037ee62892642c4fbebe485716dd4a51",
    "swagger-ui.LICENSE": "bf902b46c052c91fa9df3cd59e63aee5d619c3967df084a4c452dc9c898000bc",
}
"""What every build makes of the releases that pyproject.toml names, on any processor."""


@pytest.fixture(scope="module")
def page():
    return {file.path.removeprefix("/pages/"): file for file in ui.page_files("/pages")}


def unpacked(file):
    return gzip.decompress(file.content)


def test_swagger_ui_has_the_same_bytes_whoever_built_the_wheel(page):
    assert {name: hashlib.sha256(page[name].content).hexdigest() for name in SWAGGER_UI} == SWAGGER_UI


def test_swagger_ui_is_compressed(page):
    for name, start in (
        ("swagger-ui-bundle.js.gz", b"/*! For license information"),
        ("swagger-ui.css.gz", b".swagger-ui"),
    ):
        text = unpacked(page[name])
        assert text.startswith(start)
        assert page[name].size * 3 < len(text)


def test_what_is_ours_is_shipped_as_it_is(page):
    folder = Path(ui.__file__).parent / "server" / "pages"
    ours = {file.name: file.read_bytes() for file in folder.iterdir()}
    assert page["index.html"].content == ours.pop("index.html")
    assert {name: unpacked(page[f"{name}.gz"]) for name in ours} == ours


def test_nothing_but_the_core_is_installed_along():
    assert [line.partition("==")[0] for line in requires("odahu-pack-docker-rest")] == ["odahu-pack-core"]


def test_its_licence_is_shipped_along(page):
    licence = page["swagger-ui.LICENSE"].content.decode()
    assert re.match(r"Copyright .* SmartBear Software", licence)
    assert licence.endswith((ROOT / "LICENSE").read_text())


def test_the_distribution_has_the_licence_of_all():
    assert (
        distribution("odahu-pack-docker-rest").read_text("licenses/LICENSE") == (ROOT / "LICENSE").read_text()
    )


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


def test_a_distribution_that_is_not_installed_is_an_error_that_says_what_to_install(monkeypatch):
    def missing(name):
        raise PackageNotFoundError(name)

    monkeypatch.setattr(ui, "distribution", missing)
    with pytest.raises(PlanError) as caught:
        list(ui.page_files("/pages"))
    assert (caught.value.code, "odahu-pack-docker-rest" in caught.value.hint) == ("no-swagger-ui", True)


def test_a_distribution_without_the_file_is_an_error_that_names_it(monkeypatch, tmp_path):
    class Empty:
        def locate_file(self, path):
            return tmp_path / path

    monkeypatch.setattr(ui, "distribution", lambda _: Empty())
    with pytest.raises(PlanError, match=r"swagger-ui-bundle\.js"):
        list(ui.page_files("/pages"))
