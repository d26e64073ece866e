"""OpenVINO's ``model.xml`` and vLLM's ``model.json``: what is read of them, and what rules say."""

import io
import json
import time

import pytest

from odahu_pack_triton.model_files import ModelFileError, read_openvino, read_vllm
from tests.plugins.triton.model_subjects import subject_of, told

NETWORK = """<?xml version="1.0"?>
<net name="wine" version="11">
  <layers>
    <layer id="0" name="features" type="Parameter" version="opset1">
      <data shape="?,4" element_type="f32" />
      <output><port id="0" precision="FP32" names="features,x:0"><dim>-1</dim><dim>4</dim></port></output>
    </layer>
    <layer id="1" name="loop" type="Loop">
      <body><layers><layer id="0" name="inner" type="Parameter" /></layers></body>
      <output><port id="2" names="scores,probabilities" /><port id="3" names="label" /></output>
    </layer>
    <layer id="2" name="scores/sink_port_0" type="Result"><input><port id="0" /></input></layer>
    <layer id="3" name="label/sink_port_0" type="Result"><input><port id="0" /></input></layer>
  </layers>
  <edges>
    <edge from-layer="0" from-port="0" to-layer="1" to-port="0" />
    <edge from-layer="1" from-port="2" to-layer="2" to-port="0" />
    <edge from-layer="1" from-port="3" to-layer="3" to-port="0" />
  </edges>
</net>
"""
CONFIG = """\
backend: "openvino"
input { name: "features" data_type: TYPE_FP32 dims: [ -1, 4 ] }
output { name: "scores" data_type: TYPE_FP32 dims: [ -1, 3 ] }
"""


def _read(text):
    return read_openvino(io.BytesIO(text.encode()), "1/model.xml")


def test_all_names_of_tensors_are_read():
    model = _read(NETWORK)
    assert model.inputs == (frozenset({"features", "x:0"}),)
    scores, label = model.outputs
    assert {"scores", "probabilities", "scores/sink_port_0", "loop", "loop.0", "loop:2"} <= scores
    assert {"label", "label/sink_port_0", "loop.1"} <= label
    assert "label" not in scores


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "no element found"),
        ("<net><layers>", "no element found"),
        ("<html></html>", "it has no network"),
        ("<net/>", "it has no network"),
        ("not xml", "syntax error"),
        ('<!DOCTYPE net [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><net>&b;</net>', "it has a document type"),
        ('<!DOCTYPE net SYSTEM "file:///etc/passwd"><net/>', "it has a document type"),
    ],
)
def test_what_is_no_network_is_refused(text, reason):
    with pytest.raises(ModelFileError) as caught:
        _read(text)
    assert caught.value.message.startswith("1/model.xml: no OpenVINO model")
    assert reason in caught.value.message


def test_many_ports_take_linear_time():
    ports = "".join(f'<port id="{number}" names="n{number}"/>' for number in range(20_000))
    edges = "".join(f'<edge from-layer="0" from-port="{n}" to-layer="r{n}"/>' for n in range(20_000))
    results = "".join(f'<layer id="r{n}" name="r{n}" type="Result"/>' for n in range(20_000))
    begin = time.process_time()
    layers = f'<layers><layer id="0" name="a" type="Split"><output>{ports}</output></layer>{results}</layers>'
    model = _read(f"<net>{layers}<edges>{edges}</edges></net>")
    assert len(model.outputs) == 20_000
    assert time.process_time() - begin < 10


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", "", []),
        ('"features"', '"x:0"', []),
        (
            '"features"',
            '"feature"',
            ["TR619 2:9: 1/model.xml has no input 'feature'; did you mean 'features'?"],
        ),
        ('"scores"', '"score"', ["TR619 3:10: 1/model.xml has no output 'score'; did you mean 'scores'?"]),
    ],
)
def test_names_of_the_configuration_are_those_of_the_network(tmp_path, before, after, expected):
    config = CONFIG.replace(before, after, 1) if before else CONFIG
    subject = subject_of(tmp_path, config, {"1/model.xml": NETWORK, "1/model.bin": "w"})
    assert told(subject, "TR6") == expected


def test_a_model_of_another_format_is_left_to_openvino(tmp_path):
    config = f'{CONFIG}default_model_filename: "model.onnx"\n'
    assert told(subject_of(tmp_path, config, {"1/model.onnx": b"anything"}), "TR6") == []


def test_a_network_that_is_no_xml_is_told(tmp_path):
    [line] = told(subject_of(tmp_path, CONFIG, {"1/model.xml": "weights"}), "TR6")
    assert line.startswith("TR603 1/model.xml: 1/model.xml: no OpenVINO model: line 1: ")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (json.dumps({"model": "facebook/opt-125m"}), []),
        (json.dumps({"tokenizer": "x"}), ["TR620 1/model.json: 1/model.json names no model"]),
        ("[]", ["TR603 1/model.json: 1/model.json: no JSON object with the arguments of the engine"]),
        ('{"model": }', ["TR603 1/model.json: 1/model.json: no JSON: line 1, column 11: Expecting value"]),
    ],
)
def test_arguments_of_a_vllm_engine(tmp_path, content, expected):
    assert told(subject_of(tmp_path, 'backend: "vllm"\n', {"1/model.json": content}), "TR6") == expected


def test_a_json_file_beside_another_model_is_not_read(tmp_path):
    assert told(subject_of(tmp_path, "", {"1/model.json": "{"}), "TR6") == []


@pytest.mark.parametrize("content", [b"\xff\xfe", b"[" * 200_000, b" " * (1024 * 1024 + 1), b"9" * 10_000])
def test_hostile_arguments_are_refused(content):
    with pytest.raises(ModelFileError):
        read_vllm(io.BytesIO(content), "1/model.json")
