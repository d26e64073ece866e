"""The command of docker-cli images, run as a process."""

import json
import os
import signal
import stat
import subprocess

import pytest

from tests.runtime.serving import until

# The documentation's own file, with its trailing comma.
PREDICTS = """{
  "columns": [
    "features",
    "features",
    "features",
  ],
  "data": [
    [
      1,
      2,
      3
    ],
    [
      4,
      5,
      6
    ]
  ]
}
"""
RESULT = {"prediction": [[0.09405578672885895], [0.01238546592343845]], "columns": ["predictions"]}
# The documentation's output, less the trailing commas in its examples.
SCHEMAS = """Input schema:
{
    "columns": {
        "example": [
            "features",
            "features",
            "features"
        ],
        "items": {
            "type": "string"
        },
        "type": "array"
    },
    "data": {
        "items": {
            "items": {
                "type": "number"
            },
            "type": "array"
        },
        "type": "array",
        "example": [
            [
                0,
                0,
                0
            ]
        ]
    }
}
Output schema:
{
    "prediction": {
        "example": [
            [
                0
            ]
        ],
        "items": {
            "type": "number"
        },
        "type": "array"
    },
    "columns": {
        "example": [
            "predictions"
        ],
        "items": {
            "type": "string"
        },
        "type": "array"
    }
}
"""


@pytest.fixture
def volume(tmp_path):
    folder = tmp_path / "volume"
    folder.mkdir()
    (folder / "predicts.json").write_text(PREDICTS)
    return folder


@pytest.fixture
def predict(run, volume):
    """Predict on a document: what the process did, and the result if there is one."""

    def predict(source, document, *options):
        text = document if isinstance(document, str) else json.dumps(document)
        (volume / "in.json").write_text(text)
        done = run(source, "predict", volume / "in.json", volume, *options)
        result = volume / "result.json"
        return done, json.loads(result.read_text()) if result.exists() else None

    return predict


def test_without_arguments_it_prints_help_and_imports_no_model(runtime, tmp_path):
    done = subprocess.run(
        runtime.argv("cli"), capture_output=True, text=True, timeout=20, check=False, cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Make predictions using GPPI model" in done.stdout
    assert "Show model input/output data schema" in done.stdout


def test_help_imports_no_model(run):
    broken = {"entrypoint.py": "raise RuntimeError\n"}
    assert run(broken, "--help").returncode == 0
    assert "--output-file-name" in run(broken, "predict", "--help").stdout


def test_info_prints_the_documented_schemas(run):
    done = run("wine", "info")
    assert (done.returncode, done.stdout) == (0, SCHEMAS)


def test_info_of_objects_shows_their_members(run):
    shown = run("objects", "info").stdout
    schema = json.loads(shown[len("Input schema:\n") : shown.index("Output schema:")])
    assert schema["objects"]["items"]["properties"]["text"] == {"example": "hi!", "type": "string"}
    assert schema["objects"]["example"] == [{"text": "hi!", "weight": 1}]


def test_the_documented_file_becomes_the_documented_result(run, volume):
    done = run("wine", "predict", volume / "predicts.json", volume)
    assert done.returncode == 0
    assert done.stdout == f"Prediction is successful. Result file: {volume}/result.json\n"
    assert json.loads((volume / "result.json").read_text()) == RESULT
    assert f"trailing comma overlooked at {volume}/predicts.json:5:15" in done.stderr


@pytest.mark.parametrize("option", ["--output-file-name", "--output_file_name"])
def test_the_result_file_has_the_name_it_is_given(run, volume, option):
    assert run("wine", "predict", volume / "predicts.json", volume, option, "old.json").returncode == 0
    assert sorted(path.name for path in volume.iterdir()) == ["old.json", "predicts.json"]


@pytest.mark.parametrize("name", ["../result.json", ".."])
def test_a_result_name_that_leaves_its_folder_is_refused(run, volume, name):
    done = run("wine", "predict", volume / "predicts.json", volume, "--output-file-name", name)
    assert done.returncode == 2
    assert "is not the name of a file" in done.stderr
    assert [path.name for path in volume.iterdir()] == ["predicts.json"]


def test_an_older_result_is_replaced_whole(predict, volume):
    (volume / "result.json").write_text("x" * 10_000)
    done, result = predict("wine", PREDICTS)
    assert (done.returncode, result) == (0, RESULT)


def test_a_result_is_readable_for_others(predict, volume):
    old = os.umask(0o022)
    try:
        predict("wine", PREDICTS)
    finally:
        os.umask(old)
    assert stat.S_IMODE((volume / "result.json").stat().st_mode) == 0o644


def test_objects_become_objects(predict):
    done, result = predict("objects", {"objects": [{"text": "ah!"}]})
    assert (done.returncode, result) == (0, {"prediction": [{"mood": "glad", "weight": None}]})


def test_the_models_own_encoder_writes_what_only_it_knows(predict):
    done, result = predict("encoder", {"data": [[1]]})
    assert (done.returncode, result["prediction"]) == (0, [["0.10", None]])
    assert "no samples at hand" in done.stderr


def test_arrays_of_numpy_are_written(predict):
    done, result = predict("numbers", {"columns": ["x", "y"], "data": [[1, 2], [0, 0.5]]})
    assert done.returncode == 0, done.stderr
    assert result == {"prediction": [[3, 0], [0.5, None]], "columns": ["sum", "log"]}


def test_names_are_given_to_the_model_only_where_there_are_any(predict):
    assert predict("bare", {"data": [[1, 2]]})[1]["prediction"] == [[2, None]]
    assert predict("bare", {"columns": ["b", "a"], "data": [[1, 2]]})[1]["prediction"] == [[2, ["b", "a"]]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"data": [\n[1, 2 3]]}', "in.json:2:7: expecting ',' delimiter"),
        ("", "in.json:1:1: expecting value"),
        ("[1, 2]", "in.json: the document is an array"),
        ('{"data": [[1, 2]]}', "in.json: the rows have 2 cells"),
        ('{"data": [[1, 2, "x"]]}', 'in.json: row 1 column 3 ("features"): "x" is not of type number'),
    ],
)
def test_a_wrong_input_is_exit_2_and_names_the_place(predict, text, words):
    done, result = predict("wine", text, "--debug")
    assert (done.returncode, result) == (2, None)
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("arguments", [["predict", "x"], ["explain"]])
def test_wrong_usage_is_exit_2(run, arguments):
    assert run("wine", *arguments).returncode == 2


def test_an_input_that_is_not_there_is_exit_2(run, volume):
    done = run("wine", "predict", volume / "nothing.json", volume)
    assert done.returncode == 2
    assert f"cannot read {volume}/nothing.json: No such file or directory" in done.stderr


@pytest.mark.parametrize("command", ["raise", "system_exit", "set"])
def test_a_model_that_fails_is_exit_1_and_leaves_no_file(predict, volume, command):
    done, result = predict("misbehaving", {"data": [[command, "sour"]]})
    assert (done.returncode, result) == (1, None)
    assert "Traceback" not in done.stderr
    assert [path.name for path in volume.iterdir() if path.name.startswith(".")] == []


def test_the_traceback_of_a_failing_model_is_shown_on_demand(predict):
    done, _ = predict("misbehaving", {"data": [["raise", "sour"]]}, "--debug")
    assert done.returncode == 1
    assert "in _raise" in done.stderr
    assert done.stderr.endswith("ValueError: sour\n")


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("def init():\n    raise RuntimeError('no weights')\n", "no weights"),
        ("x = 1\n", "no function init()"),
    ],
)
def test_a_model_that_cannot_be_loaded_is_exit_1(run, source, words):
    done = run({"entrypoint.py": source}, "info")
    assert done.returncode == 1
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_the_standard_librarys_names_that_a_model_uses_are_its_own(predict):
    files = {
        "statistics.py": "def mean(values):\n    return 'my own'\n",
        "entrypoint.py": """
import statistics
def init():
    return 'matrix'
def predict_on_matrix(matrix, provided_columns_names=None):
    return [[statistics.mean(row)] for row in matrix], ['mean']
""",
    }
    assert predict(files, {"data": [[1, 2]]})[1]["prediction"] == [["my own"]]


def test_what_a_model_prints_is_not_in_the_output(run, volume):
    (volume / "in.json").write_text('{"data": [["print", "chatter"]]}')
    done = run("misbehaving", "predict", volume / "in.json", volume)
    assert done.stdout == f"Prediction is successful. Result file: {volume}/result.json\n"
    for words in ("printed at import", "printed by init", "chatter by descriptor"):
        assert words in done.stderr


def test_the_working_directory_is_not_imported_from(run, tmp_path):
    (tmp_path / "statistics.py").write_text("raise RuntimeError('imported from the working directory')\n")
    source = (
        "import statistics\ndef init():\n    return 'matrix'\ndef predict_on_matrix(m):\n    return m, []\n"
    )
    assert run({"entrypoint.py": source}, "info").returncode == 0


def test_an_output_folder_that_is_not_there_is_exit_2(run, volume):
    done = run("wine", "predict", volume / "predicts.json", volume / "nowhere")
    assert done.returncode == 2
    assert f"cannot write to {volume}/nowhere: No such file or directory" in done.stderr


def test_an_unwritable_output_folder_says_whose_it_is_before_the_model_is_loaded(run, volume):
    volume.chmod(0o555)
    prefix = []
    if os.getuid() == 0:  # root may write everywhere, unless it gives that up
        os.chown(volume, 4242, 4243)
        prefix = ["setpriv", "--bounding-set", "-dac_override"]
    done = run({"entrypoint.py": "1 / 0"}, "predict", volume / "predicts.json", volume, prefix=prefix)
    owner = volume.stat()
    assert done.returncode == 2
    assert f"belongs to {owner.st_uid}:{owner.st_gid} with mode 0555" in done.stderr
    assert f"runs as {os.getuid()}:{os.getgid()}" in done.stderr
    assert '--user "$(id -u):0"' in done.stderr
    assert [path.name for path in volume.iterdir()] == ["predicts.json"]


def test_a_full_disk_is_exit_2_and_leaves_no_file(run, tmp_path):
    small = tmp_path / "small"
    small.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(small)]
    if subprocess.run(mounted, capture_output=True, check=False).returncode:
        pytest.skip("this user cannot mount a small disk")
    try:
        (tmp_path / "in.json").write_text(json.dumps({"data": [["echo", "x" * 50_000]]}))
        done = run("misbehaving", "predict", tmp_path / "in.json", small)
        assert done.returncode == 2
        assert "No space left on device" in done.stderr
        assert list(small.iterdir()) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_sigterm_ends_a_prediction_and_leaves_no_file(runtime, model, volume, tmp_path):
    (volume / "in.json").write_text('{"data": [["sleep", 60]]}')
    packed = model("misbehaving")
    argv = runtime.argv("cli", *packed.options, "predict", volume / "in.json", volume)
    with (tmp_path / "stderr").open("wb") as err:
        process = subprocess.Popen(argv, stderr=err, stdout=subprocess.DEVNULL)
    until(lambda: "printed by init" in (tmp_path / "stderr").read_text(), process)
    process.send_signal(signal.SIGTERM)
    assert process.wait(5) == 128 + signal.SIGTERM
    assert sorted(path.name for path in volume.iterdir()) == ["in.json", "predicts.json"]
