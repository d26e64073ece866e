"""``plugins``: what is installed, and what is broken."""

import json

import pytest


def test_what_comes_with_the_core_is_listed(odahuflowctl):
    finished = odahuflowctl("plugins")
    assert finished.code == 0
    heading, *lines = finished.out.splitlines()
    assert heading.split() == ["KIND", "NAME", "DISTRIBUTION", "SUMMARY"]
    rows = {tuple(line.split()[:2]) for line in lines}
    assert ("engine", "docker") in rows
    assert [line for line in lines if line.startswith("connection type") and " ecr " in line]


@pytest.mark.usefixtures("paper")
def test_a_third_party_packager_is_listed_with_its_distribution(odahuflowctl):
    rows = json.loads(odahuflowctl("plugins", "-o", "json").out)
    assert {
        "kind": "packager",
        "name": "paper",
        "distribution": "paper-press 1.0",
        "summary": "Prints models.",
    } in rows


def test_a_broken_plugin_is_listed_and_told_on_stderr(odahuflowctl, install):
    install("broken-plugin", "raise ValueError('no press')\n")
    finished = odahuflowctl("plugins", "-o", "json")
    assert finished.code == 0
    assert [row for row in json.loads(finished.out) if row["kind"] == "broken"] == [
        {
            "kind": "broken",
            "name": "broken-plugin",
            "distribution": "broken-plugin 1.0",
            "summary": "ValueError: no press",
        }
    ]
    assert finished.err == "warning: broken-plugin 1.0 is broken: ValueError: no press\n"


def test_two_plugins_with_one_name_are_an_error_that_names_both(odahuflowctl, install, paper):
    install("paper-copy", (paper / "paper_press.py").read_text(encoding="utf-8"))
    finished = odahuflowctl("plugins")
    assert finished.code == 11
    assert "paper-copy 1.0" in finished.err
    assert "paper-press 1.0" in finished.err


@pytest.mark.usefixtures("paper")
def test_jsonpath_finds_all_names(odahuflowctl):
    assert "paper" in json.loads(odahuflowctl("plugins", "-o", "jsonpath=[*].name").out)
