"""Rules on the text of a configuration: what cannot be read, at all or by a release; what has no effect."""

from pathlib import Path

import pytest

from odahu_pack_triton.config import read_config
from odahu_pack_triton.config.history import first_release
from odahu_pack_triton.lint import RULES, examine
from odahu_pack_triton.releases import RELEASES
from tests.plugins.triton.any_config import folder_of, subject_of

MODEL = b"class TritonPythonModel:\n    def execute(self, requests):\n        return []\n"
PYTHON_CONFIG = """\
backend: "python"
max_batch_size: 8
input { name: "X" data_type: TYPE_FP32 dims: [ 2 ] }
output { name: "Y" data_type: TYPE_FP32 dims: [ 2 ] }
"""


def examined(text, release="24.10"):
    folder = folder_of("wine", {"1/model.py": MODEL})
    return examine(subject_of(read_config(text), folder, release=release))


def reading(text, **options):
    found = [finding for finding in examined(text, **options).findings if finding.code.startswith("TR0")]
    return [f"{one.code} {one.place.line}:{one.place.column}: {one.message}" for one in found]


def test_a_good_configuration_is_read():
    assert reading(PYTHON_CONFIG) == []


def test_where_a_text_cannot_be_read_no_other_rule_is_asked():
    report = examined(f'name: "beer"\n{PYTHON_CONFIG}inputs {{ }}\nversion: ${{V}}\n')
    assert [(one.code, one.place.line) for one in report.findings] == [("TR002", 7)]
    report = examined(f'name: "beer"\n{PYTHON_CONFIG}inputs {{ }}\n')
    assert [(one.code, one.place.line) for one in report.findings] == [("TR001", 6)]


NEWER = [
    ('runtime: "model.py"', 1, "runtime", "24.01"),
    ("model_metrics { }", 1, "model_metrics", "24.11"),
    ("response_cache { enable: false }", 1, "response_cache", "21.10"),
    ("input { optional: false }", 9, "optional", "22.01"),
    ("input { data_type: TYPE_BF16 }", 20, "TYPE_BF16", "22.05"),
    ("instance_group { rate_limiter { } }", 18, "rate_limiter", "20.11"),
    ("sequence_batching { state { } }", 21, "state", "21.11"),
    ("model_warmup { count: 0 }", 16, "count", "22.07"),
    ("ensemble_scheduling { step { model_namespace: '' } }", 30, "model_namespace", "23.03"),
    ("batch_input { kind: BATCH_ITEM_SHAPE }", 21, "BATCH_ITEM_SHAPE", "22.03"),
]


@pytest.mark.parametrize(("text", "column", "name", "first"), NEWER, ids=str)
def test_a_field_that_the_release_does_not_know(text, column, name, first):
    releases = list(RELEASES)
    before = releases[releases.index(first) - 1]
    expected = f"TR003 1:{column}: Triton {before} does not know {name}, which came with {first}"
    assert [line for line in reading(text, release=before) if "TR003" in line] == [expected]
    assert [line for line in reading(text, release=first) if "TR003" in line] == []


def test_fields_of_all_releases_need_none():
    assert first_release("ModelConfig", "name") == ""
    assert first_release("ModelOutput", "optional") == ""


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("max_batch_size: 0\nmax_batch_size: 8", "TR004 2:1: max_batch_size of ModelConfig is written twice"),
        (
            'parameters { key: "a" value { } }\nparameters { key: "a" value { } }',
            "TR004 2:12: parameters 'a' of ModelConfig is written twice",
        ),
    ],
)
def test_what_is_written_twice(text, fault):
    assert [line.partition(";")[0] for line in reading(text)] == [fault]


def test_keys_that_differ_are_not_written_twice():
    assert reading('parameters { key: "a" value { } }\nparameters { key: "A" value { } }') == []


def test_a_parameter_that_is_a_template():
    text = 'parameters { key: "dir" value { string_value: "${engine_dir}" } }'
    [line] = reading(text)
    assert line.startswith("TR005 1:47: the template ${engine_dir} is not filled in")
    assert reading(f'backend: "tensorrtllm"\n{text}') == []


@pytest.mark.parametrize(
    ("remark", "fault"),
    [
        ("ignore TR9", "there is no rule 'TR9'"),
        ("ignore TR001", "TR001 cannot be switched off"),
        ("ignore TR006", "TR006 cannot be switched off"),
        ("ignore", "this remark names no rule"),
        ("disable TR101", "unknown remark 'disable'"),
    ],
)
def test_a_remark_without_effect(remark, fault):
    [line] = reading(f"{PYTHON_CONFIG}# odahu-pack: {remark}\n")
    assert line.startswith(f"TR006 5:1: {fault}")


def test_a_remark_switches_its_rule_off_and_no_other():
    text = f'# odahu-pack: ignore TR101\nname: "beer"\nmax_batch_size: 0\n{PYTHON_CONFIG}'
    report = examined(text)
    assert [one.code for one in report.ignored] == ["TR101"]
    assert [one.code for one in report.findings] == ["TR004"]


def test_bytes_that_are_no_text():
    assert reading(f"{PYTHON_CONFIG}# caf\ufffd\n") == ["TR007 5:6: this is not UTF-8"]


def test_each_rule_on_reading_has_a_test():
    source = Path(__file__).read_text()
    assert [code for code in RULES if code.startswith("TR0") and code not in source] == []
