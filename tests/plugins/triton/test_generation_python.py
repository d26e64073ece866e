"""Configurations made of ``auto_complete_config``, for releases that do not call it."""

import re

import pytest

from odahu_pack_core import ArtifactError
from odahu_pack_triton.config import CONFIG, parse_config
from odahu_pack_triton.generation import IncompleteConfigError, complete_config
from odahu_pack_triton.releases import RELEASES
from odahu_pack_triton.repository import read_repository
from tests.plugins.triton.completing_models import FORMS, UNTOLD, untold

ADDS = untold("""
    config.add_input({"name": "X", "data_type": "TYPE_FP32", "dims": [-1, 3]})
    config.add_output({"name": "Y", "data_type": "TYPE_STRING", "dims": [1]})
    config.set_max_batch_size(8)
    config.set_dynamic_batching()
""")


@pytest.fixture
def complete(read):
    """Complete a model: ``complete(ADDS, "max_batch_size: 4")``."""

    def complete_it(source, written="", release="21.12"):
        files = {"model.py": source} | ({CONFIG: written} if written else {})
        (folder,) = read_repository(read(files)).models.values()
        return complete_config(folder, RELEASES[release])

    return complete_it


def test_everything_is_made_that_the_function_adds(complete):
    made = complete(ADDS)
    message = parse_config(made.text).message
    assert (message.backend, message.max_batch_size) == ("python", 8)
    assert message.HasField("dynamic_batching")
    assert [(each.name, list(each.dims)) for each in message.input] == [("X", [-1, 3])]
    assert [(each.name, each.data_type) for each in message.output] == [("Y", 13)]
    assert made.made_from == "1/model.py"
    assert any("without running it" in reason for reason in made.reasons)


def test_a_model_of_several_answers_says_so(complete):
    source, _ = FORMS["a plain function, decoupled"]
    assert parse_config(complete(source).text).message.model_transaction_policy.decoupled


def test_what_is_written_stays(complete):
    written = (
        '# ours\nbackend: "python"\nmax_batch_size: 4\noutput { name: "Y" data_type: TYPE_STRING dims: 1 }\n'
    )
    made = complete(ADDS, written)
    assert made.text.startswith(written.rstrip())
    message = parse_config(made.text).message
    assert (message.max_batch_size, len(message.input), len(message.output)) == (4, 1, 1)


@pytest.mark.parametrize(
    ("source", "written", "reason"),
    [
        (ADDS, "max_batch_size: 9", "max_batch_size 9 is written"),
        (ADDS, 'input { name: "Z" data_type: TYPE_FP32 dims: 1 }', "adds to those of config.pbtxt"),
        (ADDS, 'input { name: "X" data_type: TYPE_FP64 dims: [-1, 3] }', "TYPE_FP64 and TYPE_FP32"),
        (untold("pass"), "", "adds no input"),
        ("class TritonPythonModel: pass", "", "defines no auto_complete_config"),
        *((untold(body), "", reason) for body, reason in UNTOLD.values()),
    ],
)
def test_what_cannot_be_made_is_refused_with_the_reason(complete, source, written, reason):
    with pytest.raises(IncompleteConfigError, match=reason) as caught:
        complete(source, written)
    assert caught.value.hint


@pytest.mark.parametrize(
    ("added", "reason"),
    [
        (
            '"name": "T", "data_type": "TYPE_STR", "dims": [1]',
            "'TYPE_STR', which Triton has not; did you mean 'TYPE_STRING'",
        ),
        (
            '"name": "T", "data_type": "TYPE_FP32", "dims": [9223372036854775808]',
            "'T' with a size beyond 64 bits",
        ),
    ],
)
@pytest.mark.parametrize("tag", ["20.11-py3", "24.10-py3"])
def test_what_no_configuration_can_hold_is_refused_for_every_release(plan, added, reason, tag):
    source = ADDS.replace('"name": "X", "data_type": "TYPE_FP32", "dims": [-1, 3]', added)
    with pytest.raises(ArtifactError, match=re.escape(reason)):
        plan({"model.py": source}, triton_base_image_tag=tag)


def test_a_batch_beyond_32_bits_is_refused(complete):
    with pytest.raises(ArtifactError, match="max_batch_size beyond 32 bits"):
        complete(ADDS.replace("set_max_batch_size(8", "set_max_batch_size(2147483648"))


def test_what_is_not_python_is_refused_with_its_line(complete):
    with pytest.raises(ArtifactError, match=r"model\.py, line 2"):
        complete("import json\ndef (")


def test_an_old_release_serves_a_model_that_completes_itself(plan):
    made = plan({"model.py": ADDS}, triton_base_image_tag="20.11-py3")
    (config,) = (file for layer in made.layers for file in layer.files if file.path.endswith(CONFIG))
    assert parse_config(config.content.decode()).message.input[0].name == "X"


def test_an_old_release_needs_to_be_told_what_the_source_does_not_tell(plan):
    with pytest.raises(ArtifactError, match=r"model\.py, line \d+: 'json' is imported") as caught:
        plan({"model.py": untold("config.add_input(json.loads('{}'))")}, triton_base_image_tag="20.11-py3")
    assert "22.06-py3 or newer" in caught.value.hint
