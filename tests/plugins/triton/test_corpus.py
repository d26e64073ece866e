"""The linter over the corpus: it finds what is faulty, and nothing in what is good."""

import json
import os

import pytest
from tritonclient.grpc import model_config_pb2

from odahu_pack_core.cli.entry import run
from odahu_pack_triton.config import read_config
from odahu_pack_triton.lint import RULES, Severity
from tests.plugins.triton.corpus import cases, findings

FAULTY, GOOD = cases("faulty"), cases("good")
LEAST_FAULTY, LEAST_GOOD = 60, 40
MENDED = [case for case in FAULTY if "mended" in case.told]
SOME = [*FAULTY[::9], *GOOD[::9], *MENDED]
LINT = ("triton", "lint", "--format", "json")
FAULTS_FOUND = 13


def _codes(found, severity):
    return sorted({finding.code for finding in found if finding.severity is severity})


def _first(found):
    return next((each for each in found if each.severity is Severity.ERROR), found[0])


@pytest.mark.parametrize("case", FAULTY, ids=str)
def test_what_is_faulty_is_found_at_its_place(case, tmp_path):
    found = findings(case.artifact(case.lay_out(tmp_path)), case.release)
    assert _codes(found, Severity.ERROR) == case.errors, found
    assert _codes(found, Severity.WARNING) == case.warnings, found
    first = _first(found)
    assert case.folder.name.startswith(f"{first.code}-")
    if "line" in case.told:
        assert first.file.endswith("config.pbtxt")
        assert first.place.line == case.told["line"]


@pytest.mark.parametrize("case", GOOD, ids=str)
def test_nothing_is_found_in_what_is_good(case, tmp_path):
    assert findings(case.artifact(case.lay_out(tmp_path)), case.release) == []


@pytest.mark.parametrize("case", SOME, ids=str)
def test_the_command_says_so_too_unless_docker_triton_mends_it(case, tmp_path, capsys):
    tag = f"--triton-base-image-tag={case.release}-py3"
    code = run([*LINT, tag, str(case.artifact(case.lay_out(tmp_path)))], os.environ)
    told = {finding["code"] for finding in json.loads(capsys.readouterr().out)["findings"]}
    assert told == (set() if case in MENDED else {*case.errors, *case.warnings})
    assert code == (FAULTS_FOUND if case.errors and case not in MENDED else 0)


@pytest.mark.parametrize("code", list(RULES))
def test_every_rule_has_a_case(code):
    assert any(code in (*case.errors, *case.warnings) for case in FAULTY)


def test_the_corpus_is_large_enough():
    assert len(FAULTY) >= LEAST_FAULTY
    assert len(GOOD) >= LEAST_GOOD


def test_good_cases_have_every_field():
    """A field that no good case has could be refused by mistake, and nothing would tell."""
    configs = [file for case in GOOD for file in case.folder.glob("*/config.pbtxt")]
    written = set().union(*(_written(read_config(file.read_text()).message) for file in configs))
    assert _fields(model_config_pb2.ModelConfig.DESCRIPTOR, set()) - written == set()


def _fields(schema, known):
    """Add the names of all fields below a schema to those known; an enumeration of one value is none."""
    for field in schema.fields:
        if field.full_name in known or (field.enum_type and len(field.enum_type.values) == 1):
            continue
        known.add(field.full_name)
        if field.message_type:
            _fields(field.message_type, known)
    return known


def _written(message):
    """Return the names of the fields that a message and those below it have."""
    names = set()
    for field, value in message.ListFields():
        names.add(field.full_name)
        names.update(*map(_written, _messages(field, value)))
        if field.message_type and field.message_type.GetOptions().map_entry:
            names.update(entry.full_name for entry in field.message_type.fields)
    return names


def _messages(field, value):
    if not field.message_type:
        return []
    if field.message_type.GetOptions().map_entry:
        return value.values() if field.message_type.fields_by_name["value"].message_type else []
    return value if field.is_repeated else [value]
