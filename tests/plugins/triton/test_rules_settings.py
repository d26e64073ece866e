"""Rules about optimization, caches, metrics and parameters: a fault each, and the nearest good form."""

import pytest

from tests.plugins.triton.linted_files import CODE, CONFIG, model, subject_of, told

CASES = [
    (
        "TR441 2:69: ONNX Runtime knows no accelerator 'tensort' for GPUs; did you mean 'tensorrt'?",
        model(
            'backend: "onnxruntime"\n'
            'optimization { execution_accelerators { gpu_execution_accelerator { name: "tensort" } } }\n',
            {"1/model.onnx": ""},
        ),
        model(
            'backend: "onnxruntime"\n'
            'optimization { execution_accelerators { gpu_execution_accelerator { name: "tensorrt" } } }\n',
            {"1/model.onnx": ""},
        ),
    ),
    (
        "TR441 2:69: ONNX Runtime knows no accelerator 'cuda' for CPUs; known: openvino",
        model(
            'backend: "onnxruntime"\n'
            'optimization { execution_accelerators { cpu_execution_accelerator { name: "cuda" } } }\n',
            {"1/model.onnx": ""},
        ),
        model(
            'backend: "onnxruntime"\n'
            'optimization { execution_accelerators { cpu_execution_accelerator { name: "openvino" } } }\n',
            {"1/model.onnx": ""},
        ),
    ),
    (
        "TR442 5:67: Python ignores the accelerator 'tensorrt'",
        model(
            CONFIG
            + 'optimization { execution_accelerators { gpu_execution_accelerator { name: "tensorrt" } } }\n',
            CODE,
        ),
        model(
            'backend: "onnxruntime"\n'
            'optimization { execution_accelerators { gpu_execution_accelerator { name: "cuda" } } }\n',
            {"1/model.onnx": ""},
        ),
    ),
    (
        "TR443 4:36: no precision_mode is called 'fp16'; did you mean 'FP16'?",
        model(
            'backend: "onnxruntime"\n'
            "optimization { execution_accelerators { gpu_execution_accelerator {\n"
            'name: "tensorrt" \n'
            'parameters { key: "precision_mode" value: "fp16" } } } }\n',
            {"1/model.onnx": ""},
        ),
        model(
            'backend: "onnxruntime"\n'
            "optimization { execution_accelerators { gpu_execution_accelerator {\n"
            'name: "tensorrt" \n'
            'parameters { key: "precision_mode" value: "FP16" } } } }\n',
            {"1/model.onnx": ""},
        ),
    ),
    (
        "TR444 2:23: 'onnxruntime' has no CUDA graphs",
        model('backend: "onnxruntime"\noptimization { cuda { graphs: true } }\n', {"1/model.onnx": ""}),
        model('backend: "tensorrt"\noptimization { cuda { graphs: true } }\n', {"1/model.plan": ""}),
    ),
    (
        "TR445 5:18: the responses of a decoupled model cannot be cached",
        model(
            CONFIG + "response_cache { enable: true }\nmodel_transaction_policy { decoupled: true }\n", CODE
        ),
        model(
            CONFIG + "response_cache { enable: true }\nmodel_transaction_policy { decoupled: false }\n", CODE
        ),
    ),
    (
        "TR446 6:1: a metric control names no family",
        model(
            CONFIG + "model_metrics { metric_control {\n"
            "metric_identifier { }\n"
            "histogram_options { buckets: [ 1 ] } } }\n",
            CODE,
            release="25.06",
        ),
        model(
            CONFIG + "model_metrics { metric_control {\n"
            'metric_identifier { family: "nv_inference_first_response_histogram_ms" }\n'
            "histogram_options { buckets: [ 1 ] } } }\n",
            CODE,
            release="25.06",
        ),
    ),
    (
        "TR446 5:32: a metric control has no buckets",
        model(
            CONFIG + "model_metrics { metric_control {\n"
            'metric_identifier { family: "nv_inference_first_response_histogram_ms" } } }\n',
            CODE,
            release="25.06",
        ),
        model(CONFIG + "model_metrics { }\n", CODE, release="25.06"),
    ),
    (
        "TR447 5:36: Triton's image has no repository agent 'checksums'; did you mean 'checksum'?",
        model(CONFIG + 'model_repository_agents { agents { name: "checksums" } }\n', CODE),
        model(CONFIG + 'model_repository_agents { agents { name: "checksum" } }\n', CODE),
    ),
    (
        "TR448 5:1: no agent is named",
        model(CONFIG + "model_repository_agents { }\n", CODE),
        model(CONFIG + 'model_repository_agents { agents { name: "checksum" } }\n', CODE),
    ),
    (
        "TR461 5:12: nobody reads the parameter 'execution_env_path'",
        model(
            CONFIG + 'parameters { key: "execution_env_path" value { string_value: "/opt/model" } }\n', CODE
        ),
        model(
            CONFIG + 'parameters { key: "execution_threads" value { string_value: "/opt/model" } }\n', CODE
        ),
    ),
    (
        "TR461 2:12: nobody reads the parameter 'intra_op_threads_count'",
        model(
            'backend: "onnxruntime"\n'
            'parameters { key: "intra_op_threads_count" value { string_value: "1" } }\n',
            {"1/model.onnx": ""},
        ),
        model(
            'backend: "onnxruntime"\n'
            'parameters { key: "intra_op_thread_count" value { string_value: "1" } }\n',
            {"1/model.onnx": ""},
        ),
    ),
    (
        "TR462 5:50: FORCE_CPU_ONLY_INPUT_TENSORS is 'true'",
        model(
            CONFIG + 'parameters { key: "FORCE_CPU_ONLY_INPUT_TENSORS" value { string_value: "true" } }\n',
            CODE,
        ),
        model(
            CONFIG + 'parameters { key: "FORCE_CPU_ONLY_INPUT_TENSORS" value { string_value: "yes" } }\n',
            CODE,
        ),
    ),
    (
        "TR463 2:36: INFERENCE_MODE is 'yes'",
        model(
            'backend: "pytorch"\nparameters { key: "INFERENCE_MODE" value { string_value: "yes" } }\n',
            {"1/model.pt": ""},
        ),
        model(
            'backend: "pytorch"\nparameters { key: "INFERENCE_MODE" value { string_value: "True" } }\n',
            {"1/model.pt": ""},
        ),
    ),
    (
        "TR464 2:43: intra_op_thread_count is 'four', not a number",
        model(
            'backend: "onnxruntime"\n'
            'parameters { key: "intra_op_thread_count" value { string_value: "four" } }\n',
            {"1/model.onnx": ""},
        ),
        model(
            'backend: "onnxruntime"\n'
            'parameters { key: "intra_op_thread_count" value { string_value: "4" } }\n',
            {"1/model.onnx": ""},
        ),
    ),
]


@pytest.mark.parametrize(("line", "faulty", "good"), CASES, ids=[line[:5] for line, _, _ in CASES])
def test_a_fault_is_told_at_its_place_and_the_nearest_good_form_is_not(tmp_path, line, faulty, good):
    assert told(subject_of(tmp_path / "faulty", faulty), line[:5]) == [line]
    assert told(subject_of(tmp_path / "good", good), line[:5]) == []


def test_parameters_of_another_runtime_are_its_own(tmp_path):
    config = 'backend: "pytorch"\nruntime: "model.py"\n'
    config += 'parameters { key: "INFERENCE_MODE" value { string_value: "yes" } }\n'
    files = {"1/model.py": "", "1/model.pt": ""}
    assert told(subject_of(tmp_path, model(config, files)), "TR463") == []
