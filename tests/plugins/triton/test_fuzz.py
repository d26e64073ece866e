"""Whatever a configuration and a folder hold: it is read or refused, judged, and never crashed on."""

import re
import time
from pathlib import Path

import pytest
from google.protobuf import text_format
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tritonclient.grpc import model_config_pb2

from odahu_pack_triton.config import CONFIG, read_config
from odahu_pack_triton.generation.layout import lay_out
from odahu_pack_triton.lint import RULES, examine
from odahu_pack_triton.releases import RELEASES
from tests.plugins.triton.any_config import CONTENTS, PATHS, WORDS, folder_of, folders, messages, subject_of

HERE = Path(__file__).parent
TEXTS = sorted({path.read_text(errors="replace") for path in HERE.glob("*/*/*/config.pbtxt")})
ALPHABET = "{}[]<>,;:#\"'\\$-+. \t\n\r\x0babdeimnptu_019é\u00a0\ufeff\0"
PIECES = (
    "input",
    "output",
    "dims: [ 1 ]",
    "name:",
    '"x"',
    "TYPE_FP32",
    "- 1",
    "${a}",
    "{{ b }}",
    "parameters",
)
_ONLY_FOR_PYTHON = re.compile(r"[^\t\n\v\f\r -~]|\\|\+|[0-9][_bo]", re.IGNORECASE)
RELEASE = st.sampled_from(list(RELEASES))

pytestmark = pytest.mark.property


@st.composite
def near_valid(draw):
    """A text of the corpus, with a few pieces taken out, put in, or put twice."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(0, 4))):
        begin = draw(st.integers(0, len(text)))
        end = draw(st.integers(begin, min(len(text), begin + 12)))
        new = draw(st.sampled_from(("", text[begin:end] * 2, *PIECES)) | st.text(ALPHABET, max_size=3))
        text = text[:begin] + new + text[end:]
    return text


def python_takes(text):
    try:
        text_format.Parse(text, model_config_pb2.ModelConfig())
    except (text_format.ParseError, RecursionError):
        return False
    return True


def is_plain(text):
    """Tell whether Python's parser takes no more of a text than Triton's: blanks, escapes, numbers."""
    return text.isascii() and not _ONLY_FOR_PYTHON.search(text)


def check_reading(text):
    """Check that a text is refused where protobuf refuses it, and besides for templates only."""
    config = read_config(text)
    last = len(text.split("\n"))
    assert all(1 <= fault.place.line <= last and fault.place.column >= 1 for fault in config.faults)
    assert all(len(fault.reason) < 1000 for fault in config.faults)
    if is_plain(text) and python_takes(text):
        assert [fault.reason for fault in config.faults if not fault.template] == []
    if not config.faults:
        assert python_takes(text) or "-" in text  # which may stand apart from its number
    return config


@given(near_valid())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_a_text_near_a_valid_one_is_read_or_refused_as_protobuf_does(text):
    check_reading(text)


@given(st.text(ALPHABET, max_size=60) | st.text(max_size=40))
def test_any_text_is_read_or_refused_as_protobuf_does(text):
    check_reading(text)


@given(st.binary(max_size=60))
def test_any_bytes_are_read_or_refused(content):
    assert read_config(content) is not None


@given(messages())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_what_protobuf_prints_is_read_back(message):
    text = text_format.MessageToString(message, as_utf8=True)
    config = check_reading(text)
    if not config.faults:
        assert config.message.SerializeToString(deterministic=True) == message.SerializeToString(
            deterministic=True
        )


@given(messages())
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_what_is_laid_out_for_people_is_read_back(message):
    config = read_config(lay_out(message))
    if not config.faults:
        assert config.message.SerializeToString(deterministic=True) == message.SerializeToString(
            deterministic=True
        )
    assert [fault for fault in config.faults if not fault.template] == []


@given(messages(), folders("wine"), folders("beer"), RELEASE)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_no_rule_raises_and_every_finding_says_something(message, folder, other, release):
    config = read_config(text_format.MessageToString(message, as_utf8=True))
    report = examine(subject_of(config, folder, other, release=release))
    lines = config.text.split("\n")
    for finding in (*report.findings, *report.ignored):
        assert finding.code in RULES
        assert 0 < len(finding.message) < 2000
        if finding.place and finding.file.endswith(CONFIG):
            assert 1 <= finding.place.line <= len(lines)
            assert 1 <= finding.place.column <= len(lines[finding.place.line - 1]) + 1


@given(near_valid(), folders("wine"), RELEASE)
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_no_rule_raises_for_a_text_near_a_valid_one(text, folder, release):
    examine(subject_of(read_config(text), folder, release=release))


INPUT = 'input {{ name: "X{0}" data_type: TYPE_FP32 dims: [ 1 ] }}\n'
OUTPUT = 'output {{ name: "Y{0}" data_type: TYPE_FP32 dims: [ 1 ] }}\n'
STEP = (
    'step {{ model_name: "m{0}" model_version: -1 input_map {{ key: "X" value: "t{0}" }} '
    'output_map {{ key: "Y" value: "t{0}x" }} }}\n'
)
CONTROL = (
    'control_input {{ name: "c{0}" control {{ kind: CONTROL_SEQUENCE_START int32_false_true: [ 0, 1 ] }} }}\n'
)
STATE = 'state {{ input_name: "i{0}" output_name: "o{0}" data_type: TYPE_FP32 dims: [ 1 ] }}\n'
LARGE = {
    "inputs": ("", INPUT, ""),
    "outputs": ("", OUTPUT, ""),
    "one name": ("", INPUT.replace("{0}", ""), ""),
    "groups": ("", 'instance_group {{ name: "g{0}" count: 1 kind: KIND_GPU gpus: [ {0} ] }}\n', ""),
    "gpus": ("instance_group { kind: KIND_GPU gpus: [ 0", ", {0}", " ] }"),
    "parameters": ("", 'parameters {{ key: "EXECUTION_{0}" value {{ string_value: "{0}" }} }}\n', ""),
    "steps": ('platform: "ensemble" ensemble_scheduling {\n', STEP, "}"),
    "controls": ("sequence_batching {\n", CONTROL, "}"),
    "states": ("sequence_batching {\n", STATE, "}"),
    "versions": ("version_policy { specific { versions: [ 0", ", {0}", " ] } }"),
    "sizes": ("dynamic_batching { preferred_batch_size: [ 1", ", {0}", " ] }"),
    "dims": ('input { name: "X" data_type: TYPE_FP32 dims: [ 1', ", {0}", " ] }"),
    "warmups": ("", 'model_warmup {{ name: "w{0}" batch_size: 1 inputs {{ key: "X" value {{ }} }} }}\n', ""),
    "metrics": ("", 'metric_tags {{ key: "k{0}" value: "v" }}\n', ""),
    "remarks": ("", "# odahu-pack: ignore TR{0}\n", ""),
    "batch inputs": ("", 'batch_input {{ target_name: "b{0}" source_input: "X" }}\n', ""),
    "agents": ("model_repository_agents {\n", 'agents {{ name: "a{0}" }}\n', "}"),
    "resources": ("instance_group { rate_limiter {\n", 'resources {{ name: "r{0}" count: 1 }}\n', "} }"),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", LARGE)
@pytest.mark.parametrize("backend", ["python", "onnxruntime", "pytorch", "ensemble"])
def test_the_time_of_rules_grows_with_a_configuration_only(kind, backend):
    begin, unit, end = LARGE[kind]

    def seconds(count):
        head = "" if 'platform: "ensemble"' in begin else f'backend: "{backend}"\nmax_batch_size: 8\n'
        text = head + begin + "".join(unit.format(number) for number in range(count)) + end
        config = read_config(text)
        assert config.faults == ()
        subject = subject_of(config, folder_of("wine", {"1/model.py": CONTENTS[3]}), release="24.10")
        assert config.place(("name",)) is None
        before = time.process_time()
        examine(subject)
        return time.process_time() - before

    small, large = (min(seconds(count) for _ in range(2)) for count in (100, 400))
    # Four times as much: four times the time, or sixteen where it is quadratic.
    assert large < 8 * small + 0.1


def test_the_words_that_are_drawn_are_those_that_rules_look_for():
    assert {"python", "ensemble", "EXECUTION_ENV_PATH"} <= {*WORDS}
    assert "1/model.py" in PATHS
    assert len(TEXTS) > 40
