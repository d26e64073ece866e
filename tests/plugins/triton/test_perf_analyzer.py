"""NVIDIA's own load generator against packaged models: many clients at once, every answer compared."""

from textwrap import dedent

import pytest

from tests.e2e.parts import THREE_FEATURES
from tests.plugins.triton.gppi_artifacts import gppi_artifact
from tests.plugins.triton.serving import HARDENED, address, run, wait_until_ready
from tests.plugins.triton.test_repository_image import EXAMPLE as ENSEMBLE
from workbench import WorkbenchError
from workbench.perf_analyzer import PerfAnalyzer

pytestmark = [pytest.mark.engine, pytest.mark.registry, pytest.mark.triton, pytest.mark.slow]

CLIENTS = 16
PORTS = {"http": 8000, "grpc": 8001}


def measure(started, model, examples):
    """Print the answers per second of a model over both protocols."""
    analyzer = PerfAnalyzer.fetched()
    for protocol, port in PORTS.items():
        answers = analyzer.answers_per_second(model, address(started, port), protocol, CLIENTS, examples)
        print(f"{model}, {protocol}, {CLIENTS} clients: {answers:.0f} answers/s")  # noqa: T201  # to be read
        assert answers > 0


def test_a_python_model_with_dependencies(package, client, example, tmp_path):
    given = [{"FEATURES": [1.0, 2.0, 3.0]}, {"FEATURES": [0.0, 0.0, 0.0]}, {"FEATURES": [4.0, 4.0, -1.0]}]
    expected = [{"QUALITY": [7.5]}, {"QUALITY": [1.5]}, {"QUALITY": [0.5]}]
    examples = PerfAnalyzer.write_examples(tmp_path / "wine.json", given, expected)
    with run(client, package(example / "model"), **HARDENED) as started:
        wait_until_ready(started)
        measure(started, "wine-quality", examples)
        wrong = PerfAnalyzer.write_examples(tmp_path / "wrong.json", given, expected[::-1])
        with pytest.raises(WorkbenchError, match="Output doesn't match expected output"):
            measure(started, "wine-quality", wrong)


def test_an_ensemble_of_two_models(package, client, tmp_path):
    given = [{"MEASURED": [1.0, 2.0, 4.0]}, {"MEASURED": [1.5, 4.0, 8.0]}, {"MEASURED": [2.0, 2.0, 0.0]}]
    expected = [{"SCORES": [0.0, 0.5, 0.25]}, {"SCORES": [0.0, 1.5, 0.25]}, {"SCORES": [3.0, 0.5, -2.75]}]
    examples = PerfAnalyzer.write_examples(tmp_path / "grades.json", given, expected)
    with run(client, package(ENSEMBLE / "repository"), **HARDENED) as started:
        wait_until_ready(started)
        measure(started, "wine", examples)


def test_a_gppi_model(package, client, tmp_path):
    given = [{"features": [float(row), 2.0, 4.0]} for row in range(8)]
    expected = [{"predictions": [row / 4 + 0.5]} for row in range(8)]
    examples = PerfAnalyzer.write_examples(tmp_path / "gppi.json", given, expected)
    artifact = gppi_artifact(tmp_path / "artifact", dedent(THREE_FEATURES))
    with run(client, package(artifact), **HARDENED) as started:
        wait_until_ready(started)
        measure(started, "wine", examples)
