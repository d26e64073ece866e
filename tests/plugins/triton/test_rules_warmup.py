"""Rules about warming up: a fault each, and the nearest good form."""

import time

import pytest

from odahu_pack_triton.lint import RULES
from tests.plugins.triton.linted_files import CODE, CONFIG, IDENTITY, model, subject_of, told

CASES = [
    (
        "TR421 5:14: the sample 'w' is skipped",
        model(
            CONFIG + 'model_warmup { name: "w" \n'
            'inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } }\n',
            CODE,
        ),
        model(
            CONFIG + 'model_warmup { name: "w" batch_size: 1\n'
            'inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } }\n',
            CODE,
        ),
    ),
    (
        "TR422 5:14: the sample 'w' lacks 'X'",
        model(CONFIG + 'model_warmup { name: "w" batch_size: 1 }\n', CODE),
        model(
            CONFIG + 'model_warmup { name: "w" batch_size: 1\n'
            'inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } }\n',
            CODE,
        ),
    ),
    (
        "TR422 5:14: the sample 'w' lacks 'X'",
        model(
            CONFIG + 'model_warmup { name: "w" batch_size: 1\n'
            'inputs { key: "Z" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } }\n',
            CODE,
        ),
        model(
            'backend: "python"\n'
            "max_batch_size: 8\n"
            'input { name: "X" data_type: TYPE_FP32 dims: [ 2 ] optional: true }\n'
            'output { name: "Y" data_type: TYPE_FP32 dims: [ 2 ] }\n'
            'model_warmup { name: "w" batch_size: 1 }\n',
            CODE,
        ),
    ),
    (
        "TR423 7:8: no input is called 'XX'; did you mean 'X'?",
        model(
            CONFIG + 'model_warmup { name: "w" batch_size: 1\n'
            'inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } }\n'
            'inputs { key: "XX" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } }\n',
            CODE,
        ),
        model(
            CONFIG + "sequence_batching { control_input {\n"
            'name: "START" control { kind: CONTROL_SEQUENCE_START int32_false_true: [ 0, 1 ] } } }\n'
            'model_warmup { name: "w" batch_size: 1\n'
            'inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } }\n'
            'inputs { key: "START" value { data_type: TYPE_INT32 dims: [ 1 ] zero_data: true } } }\n',
            CODE,
        ),
    ),
    (
        "TR424 6:48: 'X' is given as [1, 2], but the input has [2]",
        model(
            CONFIG + 'model_warmup { name: "w" batch_size: 1\n'
            'inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 1, 2 ] zero_data: true } } }\n',
            CODE,
        ),
        model(
            'backend: "python"\n'
            "max_batch_size: 8\n"
            'input { name: "X" data_type: TYPE_FP32 dims: [ -1, 2 ] }\n'
            'output { name: "Y" data_type: TYPE_FP32 dims: [ -1, 2 ] }\n'
            'model_warmup { name: "w" batch_size: 1\n'
            'inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 1, 2 ] zero_data: true } } }\n',
            CODE,
        ),
    ),
    (
        "TR424 6:48: a dim of 'X' is open",
        model(
            CONFIG + 'model_warmup { name: "w" batch_size: 1\n'
            'inputs { key: "X" value { data_type: TYPE_FP32 dims: [ -1 ] zero_data: true } } }\n',
            CODE,
        ),
        model(
            CONFIG + 'model_warmup { name: "w" batch_size: 1\n'
            'inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } }\n',
            CODE,
        ),
    ),
    (
        "TR425 6:27: 'X' is given as TYPE_INT32, not TYPE_FP32",
        model(
            CONFIG + 'model_warmup { name: "w" batch_size: 1\n'
            'inputs { key: "X" value { data_type: TYPE_INT32 dims: [ 2 ] zero_data: true } } }\n',
            CODE,
        ),
        model(
            CONFIG + 'model_warmup { name: "w" batch_size: 1\n'
            'inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } }\n',
            CODE,
        ),
    ),
    (
        "TR426 5:26: batch_size 9 is more than the 8 that the model takes",
        model(
            CONFIG + 'model_warmup { name: "w" batch_size: 9\n'
            'inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } }\n',
            CODE,
        ),
        model(
            CONFIG + 'model_warmup { name: "w" batch_size: 8\n'
            'inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } }\n',
            CODE,
        ),
    ),
    (
        "TR426 4:26: batch_size 2 is more than the 1 that the model takes",
        model(
            'backend: "python"\n'
            'input { name: "X" data_type: TYPE_FP32 dims: [ 2 ] }\n'
            'output { name: "Y" data_type: TYPE_FP32 dims: [ 2 ] }\n'
            'model_warmup { name: "w" batch_size: 2\n'
            'inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } }\n',
            CODE,
        ),
        model(
            'backend: "python"\n'
            'input { name: "X" data_type: TYPE_FP32 dims: [ 2 ] }\n'
            'output { name: "Y" data_type: TYPE_FP32 dims: [ 2 ] }\n'
            'model_warmup { name: "w" batch_size: 1\n'
            'inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] zero_data: true } } }\n',
            CODE,
        ),
    ),
    (
        "TR427 6:19: 'X' has no values",
        model(
            CONFIG + 'model_warmup { name: "w" batch_size: 1\n'
            'inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] } } }\n',
            CODE,
        ),
        model(
            CONFIG + 'model_warmup { name: "w" batch_size: 1\n'
            'inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] random_data: true } } }\n',
            CODE,
        ),
    ),
    (
        "TR428 6:60: the model has no file 'warmup/raw'",
        model(
            CONFIG + 'model_warmup { name: "w" batch_size: 1\n'
            'inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] input_data_file: "raw" } } }\n',
            {"1/model.py": IDENTITY, "raw": "12345678"},
        ),
        model(
            CONFIG + 'model_warmup { name: "w" batch_size: 1\n'
            'inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] input_data_file: "raw" } } }\n',
            {"1/model.py": IDENTITY, "warmup/raw": "12345678"},
        ),
    ),
    (
        "TR428 6:60: 'warmup/raw' has 4 bytes, but the tensor has 8",
        model(
            CONFIG + 'model_warmup { name: "w" batch_size: 1\n'
            'inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] input_data_file: "raw" } } }\n',
            {"1/model.py": IDENTITY, "warmup/raw": "1234"},
        ),
        model(
            CONFIG + 'model_warmup { name: "w" batch_size: 1\n'
            'inputs { key: "X" value { data_type: TYPE_FP32 dims: [ 2 ] input_data_file: "raw" } } }\n',
            {"1/model.py": IDENTITY, "warmup/raw": "123456789"},
        ),
    ),
]


@pytest.mark.parametrize(("line", "faulty", "good"), CASES, ids=[line[:5] for line, _, _ in CASES])
def test_a_fault_is_told_at_its_place_and_the_nearest_good_form_is_not(tmp_path, line, faulty, good):
    assert told(subject_of(tmp_path / "faulty", faulty), line[:5]) == [line]
    assert told(subject_of(tmp_path / "good", good), line[:5]) == []


def test_endless_samples_and_dims_take_no_time(tmp_path):
    dims = ", ".join(["9"] * 40_000)
    tensor = (
        'inputs { key: "X" value { data_type: TYPE_FP32 dims: [ ' + dims + ' ] input_data_file: "raw" } }'
    )
    config = 'backend: "python"\n' + "model_warmup { batch_size: 1 " + tensor + " }\n"
    config += "model_warmup { batch_size: 1 }\n" * 1000 + 'input { name: "X" }\n' * 2000
    subject = subject_of(tmp_path, model(config, {"1/model.py": IDENTITY, "warmup/raw": ""}))
    begin = time.process_time()
    for code in ("TR422", "TR424", "TR428"):
        tuple(RULES[code].check(subject))
    assert time.process_time() - begin < 10
