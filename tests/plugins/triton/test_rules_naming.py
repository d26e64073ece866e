"""Rules about names, backends, files and versions: a fault each, and the nearest good form."""

import time

import pytest

from odahu_pack_triton.lint import lint
from tests.plugins.triton.linted_files import CODE, IDENTITY, model, subject_of, told

CASES = [
    (
        "TR101 1:1: name is 'wine-quality', but the model's folder is 'wine'",
        model('name: "wine-quality"\nbackend: "python"\n', CODE),
        model('name: "wine"\nbackend: "python"\n', CODE),
    ),
    (
        "TR102 config.pbtxt: the name 'wine quality' must be escaped in URLs",
        model('backend: "python"\n', CODE, name="wine quality"),
        model('backend: "python"\n', CODE, name="wine-1.2_b"),
    ),
    (
        "TR103 config.pbtxt: neither backend nor platform is written, and no model file tells it",
        model("max_batch_size: 8\n", {"1/weights.bin": ""}),
        model("max_batch_size: 8\n", {"1/model.onnx": ""}),
    ),
    (
        "TR104 2:1: Triton has no backend 'onnx'",
        model('max_batch_size: 8\nbackend: "onnx"\n', {"1/model.onnx": ""}),
        model('backend: "onnxruntime"\n', {"1/model.onnx": ""}),
    ),
    (
        "TR104 1:1: Triton has no backend 'pythn'; did you mean 'python'?",
        model('backend: "pythn"\n', CODE),
        model('backend: "mine"\n', {"libtriton_mine.so": "", "1/": ""}),
    ),
    (
        "TR104 1:1: Triton has no backend 'tensorflow_savedmodel'",
        model('backend: "tensorflow_savedmodel"\n', {"1/model.savedmodel/saved_model.pb": ""}),
        model('platform: "tensorflow_savedmodel"\n', {"1/model.savedmodel/saved_model.pb": ""}),
    ),
    (
        "TR105 1:1: no platform is called 'python'",
        model('platform: "python"\n', CODE),
        model('backend: "python"\n', CODE),
    ),
    (
        "TR105 1:1: no platform is called 'onnxruntime_onx'; did you mean 'onnxruntime_onnx'?",
        model('platform: "onnxruntime_onx"\n', {"1/model.onnx": ""}),
        model('platform: "onnxruntime_onnx"\n', {"1/model.onnx": ""}),
    ),
    (
        "TR106 1:1: platform 'tensorrt_plan' does not belong to backend onnxruntime",
        model('platform: "tensorrt_plan"\nbackend: "onnxruntime"\n', {"1/model.onnx": ""}),
        model('platform: "onnxruntime_onnx"\nbackend: "onnxruntime"\n', {"1/model.onnx": ""}),
    ),
    (
        "TR106 2:1: an ensemble has no backend, but it is 'python'",
        model('platform: "ensemble"\nbackend: "python"\n', CODE),
        model('backend: "python"\n', CODE),
    ),
    (
        "TR107 2:1: backend python has no platform, but 'onnxruntime_onnx' is written",
        model('backend: "python"\nplatform: "onnxruntime_onnx"\n', CODE),
        model('backend: "onnxruntime"\nplatform: "onnxruntime_onnx"\n', {"1/model.onnx": ""}),
    ),
    (
        "TR108 2:1: Triton 25.03 has no TensorFlow backend",
        model('# once\nbackend: "tensorflow"\n', {"1/model.graphdef": ""}, release="25.03"),
        model('backend: "tensorflow"\n', {"1/model.graphdef": ""}, release="25.02"),
    ),
    (
        "TR108 config.pbtxt: Triton 26.08 has no TensorFlow backend",
        model("", {"1/model.savedmodel/saved_model.pb": ""}, release="26.08"),
        model("", {"1/model.onnx": ""}, release="26.08"),
    ),
    (
        "TR108 1:1: Triton 24.02 has no ONNX Runtime backend",
        model('platform: "onnxruntime_onnx"\n', {"1/model.onnx": ""}, release="24.02"),
        model('platform: "onnxruntime_onnx"\n', {"1/model.onnx": ""}, release="24.01"),
    ),
    (
        "TR108 1:1: Triton 20.11 has no OpenVINO backend",
        model('backend: "openvino"\n', {"1/model.xml": "", "1/model.bin": ""}, release="20.11"),
        model('backend: "openvino"\n', {"1/model.xml": "", "1/model.bin": ""}, release="21.10"),
    ),
    (
        "TR109 1:1: Triton's image 24.10-py3 has no vLLM backend",
        model('backend: "vllm"\n', {"1/model.json": "{}"}),
        model('backend: "vllm"\n', {"1/model.json": "{}", "1/libtriton_vllm.so": ""}),
    ),
    (
        "TR121 2:1: version 1 has no 'model.py'",
        model('max_batch_size: 8\nbackend: "python"\n', {"1/models.py": IDENTITY}),
        model('backend: "python"\ndefault_model_filename: "models.py"\n', {"1/models.py": IDENTITY}),
    ),
    (
        "TR121 2:1: version 1 has no 'resnet.onnx'",
        model('backend: "onnxruntime"\ndefault_model_filename: "resnet.onnx"\n', {"1/resnet50.onnx": ""}),
        model('backend: "onnxruntime"\ndefault_model_filename: "resnet50.onnx"\n', {"1/resnet50.onnx": ""}),
    ),
    (
        "TR121 1:1: version 2 has no 'model.py'",
        model('backend: "python"\nversion_policy { all { } }\n', {"1/model.py": IDENTITY, "2/other.py": ""}),
        model('backend: "python"\n', {"1/model.py": IDENTITY, "1/other.py": "", "0x/": ""}),
    ),
    (
        "TR121 1:1: version 1 has no 'model.py'",
        model('backend: "python"\n', {"1/": "", "model.py": IDENTITY}),
        model('backend: "python"\n', {"2/model.py": IDENTITY, "1/": ""}),
    ),
    (
        "TR122 1:1: backend 'pytorch' loads model.pt, but version 1 has model.onnx",
        model('backend: "pytorch"\n', {"1/model.onnx": ""}),
        model('backend: "pytorch"\n', {"1/model.pt": "", "1/model.onnx": ""}),
    ),
    (
        "TR122 1:1: backend 'python' loads model.py, but version 1 has model.savedmodel",
        model('backend: "python"\n', {"1/model.savedmodel/saved_model.pb": ""}),
        model('platform: "tensorflow_savedmodel"\n', {"1/model.savedmodel/saved_model.pb": ""}),
    ),
    (
        "TR123 1/model.py: model.py must be a file",
        model('backend: "python"\n', {"1/model.py/model.py": IDENTITY}),
        model('backend: "onnxruntime"\n', {"1/model.onnx/model.onnx": ""}),
    ),
    (
        "TR123 1/model.savedmodel: model.savedmodel must be a folder",
        model('platform: "tensorflow_savedmodel"\n', {"1/model.savedmodel": ""}),
        model('platform: "tensorflow_graphdef"\n', {"1/model.graphdef": ""}),
    ),
    (
        "TR124 1/model.netdef: model.netdef needs init_model.netdef beside it",
        model('platform: "caffe2_netdef"\n', {"1/model.netdef": ""}, release="20.10"),
        model(
            'platform: "caffe2_netdef"\n', {"1/model.netdef": "", "1/init_model.netdef": ""}, release="20.10"
        ),
    ),
    (
        "TR125 1/model.xml: model.xml has no model.bin beside it",
        model('backend: "openvino"\n', {"1/model.xml": ""}),
        model('backend: "openvino"\ndefault_model_filename: "a.xml"\n', {"1/a.xml": "", "1/a.bin": ""}),
    ),
    (
        "TR126 2:1: '../shared.py' leads out of the version's folder",
        model(
            'backend: "python"\ndefault_model_filename: "../shared.py"\n', {"shared.py": IDENTITY, "1/": ""}
        ),
        model(
            'backend: "python"\ndefault_model_filename: "code/shared.py"\n', {"1/code/shared.py": IDENTITY}
        ),
    ),
    (
        "TR127 2:1: '../shared.onnx' leads out of the version's folder",
        model(
            'backend: "onnxruntime"\ndefault_model_filename: "../shared.onnx"\n',
            {"shared.onnx": "", "1/": ""},
        ),
        model('backend: "onnxruntime"\ndefault_model_filename: "./shared.onnx"\n', {"1/shared.onnx": ""}),
    ),
    (
        "TR128 2:20: 'sm86' is no compute capability such as '8.6'",
        model('backend: "tensorrt"\ncc_model_filenames { key: "sm86" value: "a.plan" }\n', {"1/a.plan": ""}),
        model('backend: "tensorrt"\ncc_model_filenames { key: "8.6" value: "a.plan" }\n', {"1/a.plan": ""}),
    ),
    (
        "TR128 2:33: version 1 has no 'b.plan'",
        model('backend: "tensorrt"\ncc_model_filenames { key: "8.6" value: "b.plan" }\n', {"1/a.plan": ""}),
        model('backend: "tensorrt"\ncc_model_filenames { key: "12.0" value: "a.plan" }\n', {"1/a.plan": ""}),
    ),
    (
        "TR129 2:1: the Python backend has no runtime 'libtriton_pyton.so'",
        model('backend: "python"\nruntime: "libtriton_pyton.so"\n', CODE),
        model('backend: "pytorch"\nruntime: "model.py"\n', {"1/model.py": "", "1/model.pt": ""}),
    ),
    (
        "TR130 2:20: the model's folder has no file 'labels.txt'",
        model(
            'backend: "python"\noutput { name: "Y" label_filename: "labels.txt" }\n',
            {"1/model.py": IDENTITY, "1/labels.txt": "a"},
        ),
        model(
            'backend: "python"\noutput { name: "Y" label_filename: "labels.txt" }\n',
            {"1/model.py": IDENTITY, "labels.txt": "a"},
        ),
    ),
    (
        "TR130 2:20: the model's folder has no file '1'",
        model('backend: "python"\noutput { name: "Y" label_filename: "1" }\n', CODE),
        model(
            'backend: "python"\noutput { name: "Y" label_filename: "./a/labels.txt" }\n',
            {"1/model.py": IDENTITY, "a/labels.txt": "a"},
        ),
    ),
    (
        "TR131 config.pbtxt: the model 'wine' has no folder with a version",
        model('backend: "python"\n', {"v1/model.py": IDENTITY}),
        model('backend: "python"\n', CODE),
    ),
    (
        "TR131 config.pbtxt: the model 'wine' has no folder with a version",
        model('backend: "python"\n', {"model.py": IDENTITY}),
        model('backend: "python"\n', {"0/model.py": IDENTITY}),
    ),
    (
        "TR131 config.pbtxt: the model 'wine' has no folder with a version",
        model('platform: "ensemble"\n', {}),
        model('platform: "ensemble"\n', {"1/": ""}),
    ),
    (
        "TR132 v2: Triton ignores the folder 'v2'",
        model('backend: "python"\n', {"1/model.py": IDENTITY, "v2/model.py": IDENTITY}),
        model('backend: "python"\n', {"1/model.py": IDENTITY, "data/x": ""}),
    ),
    (
        "TR132 02: Triton ignores the folder '02'",
        model('backend: "python"\n', {"1/model.py": IDENTITY, "02/model.py": IDENTITY}),
        model('backend: "python"\n', {"1/model.py": IDENTITY, "2/model.py": IDENTITY}),
    ),
    (
        "TR133 2_old: Triton takes the folder '2_old' for version 2, and looks into 2/",
        model('backend: "python"\n', {"1/model.py": IDENTITY, "2_old/model.py": IDENTITY}),
        model('backend: "python"\n', {"1/model.py": IDENTITY, "old_2/model.py": IDENTITY}),
    ),
    (
        "TR133 20newsgroups: Triton takes the folder '20newsgroups' for version 20, and looks into 20/",
        model('backend: "python"\n', {"1/model.py": IDENTITY, "20newsgroups/x": ""}),
        model('backend: "python"\n', {"1/model.py": IDENTITY, "1_old/model.py": IDENTITY}),
    ),
    (
        "TR133 99999999999999999999: Triton takes '99999999999999999999' for a version beyond 64 bits",
        model('backend: "python"\n', {"1/model.py": IDENTITY, "99999999999999999999/x": ""}),
        model(
            'backend: "python"\nversion_policy { specific { versions: 1 } }\n',
            {"1/model.py": IDENTITY, "2_old/x": ""},
        ),
    ),
    (
        "TR134 2:29: the version policy asks for 3, but there is only 1",
        model('backend: "python"\nversion_policy { specific { versions: [ 3 ] } }\n', CODE),
        model('backend: "python"\nversion_policy { specific { versions: [ 1 ] } }\n', CODE),
    ),
    (
        "TR134 2:18: the version policy loads the latest 0 versions",
        model('backend: "python"\nversion_policy { latest { } }\n', CODE),
        model('backend: "python"\nversion_policy { latest { num_versions: 2 } }\n', CODE),
    ),
    (
        "TR134 2:18: the version policy asks for none, but there is only 1",
        model('backend: "python"\nversion_policy { specific { } }\n', CODE),
        model('backend: "python"\nversion_policy { all { } }\n', CODE),
    ),
    (
        "TR135 2:44: the version policy asks for version 4, which is not there",
        model('backend: "python"\nversion_policy { specific { versions: [ 1, 4 ] } }\n', CODE),
        model(
            'backend: "python"\nversion_policy { specific { versions: [ 1, 4 ] } }\n',
            {"1/model.py": IDENTITY, "4/model.py": IDENTITY},
        ),
    ),
]


@pytest.mark.parametrize(("line", "faulty", "good"), CASES, ids=[line[:5] for line, _, _ in CASES])
def test_a_fault_is_told_at_its_place_and_the_nearest_good_form_is_not(tmp_path, line, faulty, good):
    assert told(subject_of(tmp_path / "faulty", faulty), line[:5]) == [line]
    assert told(subject_of(tmp_path / "good", good), line[:5]) == []


HINTS = [
    ("TR104", model('backend: "libtorch"\n', {"1/model.pt": ""}), 'write backend: "pytorch"'),
    ("TR122", model('backend: "python"\n', {"1/model.pt2": ""}), 'write platform: "torch_aoti"'),
    ("TR104", model('backend: "tensorrt_plan"\n', {"1/model.plan": ""}), 'write platform: "tensorrt_plan"'),
    ("TR104", model('backend: "ONNX"\n', {"1/model.onnx": ""}), 'write backend: "onnxruntime"'),
    ("TR105", model('platform: "python"\n', {"1/model.py": IDENTITY}), 'write backend: "python"'),
    (
        "TR108",
        model('backend: "tensorflow"\n', {"1/model.graphdef": ""}, release="26.01"),
        "the last release that has it: 25.02",
    ),
    (
        "TR108",
        model('backend: "onnxruntime"\n', {"1/model.onnx": ""}, release="24.02"),
        "the next release that has it: 24.03",
    ),
    (
        "TR109",
        model('backend: "vllm"\n', {"1/model.json": "{}"}, release="22.01"),
        "it is in nvcr.io/nvidia/tritonserver:23.10-vllm-python-py3",
    ),
    (
        "TR121",
        model('backend: "python"\n', {"model.py": IDENTITY, "1/": ""}),
        "move 'model.py' into the version",
    ),
    (
        "TR121",
        model('backend: "onnxruntime"\n', {"1/net.onnx": ""}),
        "rename 'net.onnx' to model.onnx, or write default_model_filename: 'net.onnx'",
    ),
    (
        "TR122",
        model('backend: "python"\n', {"1/model.savedmodel/saved_model.pb": ""}),
        'write platform: "tensorflow_savedmodel"',
    ),
    ("TR122", model('backend: "python"\n', {"1/model.onnx": ""}), 'write backend: "onnxruntime"'),
    (
        "TR130",
        model('backend: "python"\noutput { label_filename: "a.txt" }\n', {"1/model.py": "", "1/a.txt": ""}),
        "move it from 1/ to beside config.pbtxt",
    ),
    ("TR131", model('backend: "python"\n', {"version-02/model.py": ""}), "rename version-02 to 2"),
    ("TR131", model('backend: "python"\n', {"model.py": ""}), "move model.py to 1/model.py"),
]


@pytest.mark.parametrize(("code", "faulty", "hint"), HINTS, ids=[hint for _, _, hint in HINTS])
def test_a_finding_says_what_to_write_instead(tmp_path, code, faulty, hint):
    assert [finding.hint for finding in lint(subject_of(tmp_path, faulty)) if finding.code == code] == [hint]


def test_a_platform_of_several_goes_with_its_own_file(tmp_path):
    files = {"1/model.pt2": ""}
    right = subject_of(tmp_path / "right", model('platform: "torch_aoti"\n', files))
    wrong = subject_of(tmp_path / "wrong", model('platform: "pytorch_libtorch"\n', files))
    assert (told(right, "TR121"), told(right, "TR122")) == ([], [])
    assert told(wrong, "TR122") == [
        "TR122 1:1: platform 'pytorch_libtorch' loads model.pt, but version 1 has model.pt2"
    ]


def test_a_version_folder_that_triton_would_not_load_may_lack_the_model(tmp_path):
    files = {"1/": "", "2/model.py": IDENTITY}
    assert told(subject_of(tmp_path, model('backend: "python"\n', files)), "TR121") == []


def test_a_model_that_brings_its_backend_may_have_any_file(tmp_path):
    files = {"libtriton_onnxruntime.so": "", "1/weights": ""}
    subject = subject_of(tmp_path, model('backend: "onnxruntime"\n', files, release="24.02"))
    assert [told(subject, code) for code in ("TR108", "TR121")] == [[], []]


def test_many_odd_folders_take_no_time(tmp_path):
    files = {f"{number}_old/x": "" for number in range(2000)}
    subject = subject_of(tmp_path, model('backend: "python"\n', {"1/model.py": IDENTITY, **files}))
    begin = time.process_time()
    assert told(subject, "TR133") == [
        "TR133 1999_old: Triton takes the folder '1999_old' for version 1999, and looks into 1999/"
    ]
    assert time.process_time() - begin < 10
