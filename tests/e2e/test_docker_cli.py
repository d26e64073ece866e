"""docker-cli from a request to an image that turns files into predictions."""

import json
import signal

import pytest

from odahu_pack_core import package_model
from tests.e2e.parts import (
    OBJECTS,
    THREE_FEATURES,
    connection,
    container,
    gppi_project,
    packaging,
    pull_by_digest,
    run_once,
)
from tests.runtime.serving import until

pytestmark = [pytest.mark.engine, pytest.mark.registry]

# As the documentation writes it, trailing commas and all.
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


@pytest.fixture(scope="module", params=["oci", "docker"])
def published(request, engine, registry, base_python, tmp_path_factory):
    base_python("3.11")
    project = gppi_project(tmp_path_factory.mktemp("cli") / "project", THREE_FEATURES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DOCKER_HOST", engine.host)
        ways = [connection(registry)]
        made = package_model(
            packaging("docker-cli"), artifact=project, connections=ways, engine=request.param
        )
        return made.image


@pytest.mark.parametrize("user", ["65532", "1234:0", "0:0"])
def test_files_become_predictions_as_any_user_in_a_read_only_container(
    client, registry, published, tmp_path, user
):
    image = pull_by_digest(client, registry, published)
    volume = tmp_path / "volume"
    volume.mkdir()
    volume.chmod(0o777)
    (volume / "predicts.json").write_text(PREDICTS)

    code, _, errors = run_once(
        client,
        image,
        ["predict", "/volume/predicts.json", "/volume"],
        user=user,
        read_only=True,
        tmpfs={"/tmp": ""},
        cap_drop=["ALL"],
        volumes={str(volume): {"bind": "/volume", "mode": "rw"}},
    )

    assert code == 0, errors
    result = json.loads((volume / "result.json").read_text())
    assert result == {"prediction": [[0.6875], [2.0]], "columns": ["predictions"]}


def test_info_prints_both_schemas(client, registry, published):
    image = pull_by_digest(client, registry, published)
    code, output, _ = run_once(client, image, ["info"])
    assert code == 0
    given, returned = output.removeprefix("Input schema:\n").split("Output schema:\n")
    assert json.loads(given)["columns"]["example"] == ["features"] * 3
    assert json.loads(returned)["columns"]["example"] == ["predictions"]


@pytest.fixture
def wines(tmp_path):
    """A volume with a folder of CSV files, and an empty one for results."""
    volume = tmp_path / "volume"
    (volume / "in").mkdir(parents=True)
    (volume / "out").mkdir()
    (volume / "out").chmod(0o777)
    for number in range(6):
        rows = [f"{number},{row},0" for row in range(50)]
        (volume / "in" / f"wines-{number}.csv").write_text(
            "\n".join(["features,features,features", *rows, ""])
        )
    return volume


def predicted(volume):
    """Return the results by name, as numbers."""
    results = {path.name: path.read_text().splitlines() for path in (volume / "out").iterdir()}
    assert {lines[0] for lines in results.values()} <= {"predictions"}
    return {name: [float(line) for line in lines[1:]] for name, lines in results.items()}


def expected(*numbers):
    return {f"wines-{n}.csv": [n / 4 + row / 8 for row in range(50)] for n in numbers}


def test_workers_predict_on_a_folder_as_any_user_in_a_read_only_container(client, registry, published, wines):
    code, output, errors = run_once(
        client,
        pull_by_digest(client, registry, published),
        ["predict", "/volume/in", "/volume/out", "--workers", "2"],
        user="54321:0",
        read_only=True,
        cap_drop=["ALL"],
        volumes={str(wines): {"bind": "/volume", "mode": "rw"}},
    )
    assert (code, errors) == (0, "")
    assert output == "Prediction is successful. 6 result files are in /volume/out\n"
    assert predicted(wines) == expected(*range(6))


def test_an_indexed_job_spreads_a_folder_over_containers(client, registry, published, wines):
    image = pull_by_digest(client, registry, published)
    for index, numbers in enumerate([(0, 2, 4), (1, 3, 5)]):
        before = set(predicted(wines))
        code, _, errors = run_once(
            client,
            image,
            ["predict", "/volume/in", "/volume/out"],
            environment={"JOB_COMPLETION_INDEX": str(index), "JOB_COMPLETIONS": "2"},
            volumes={str(wines): {"bind": "/volume", "mode": "rw"}},
        )
        assert (code, errors) == (0, "")
        assert set(predicted(wines)) - before == set(expected(*numbers))
    assert predicted(wines) == expected(*range(6))


def test_without_arguments_it_explains_itself(client, registry, published):
    code, output, _ = run_once(client, pull_by_digest(client, registry, published), [])
    assert code == 0
    assert "predict" in output
    assert "info" in output


def test_a_folder_that_cannot_be_written_is_explained(client, registry, published, tmp_path):
    volume = tmp_path / "volume"
    volume.mkdir()
    volume.chmod(0o755)
    (volume / "predicts.json").write_text(PREDICTS)
    code, _, errors = run_once(
        client,
        pull_by_digest(client, registry, published),
        ["predict", "/volume/predicts.json", "/volume"],
        volumes={str(volume): {"bind": "/volume", "mode": "rw"}},
    )
    assert code == 2
    assert "65532" in errors
    assert '--user "$(id -u):0"' in errors


def test_objects_become_objects(client, registry, base_python, tmp_path):
    base_python("3.11")
    project = gppi_project(tmp_path / "project", OBJECTS)
    published = package_model(
        packaging("docker-cli"), artifact=project, connections=[connection(registry)]
    ).image
    image = pull_by_digest(client, registry, published)
    volume = tmp_path / "volume"
    volume.mkdir()
    volume.chmod(0o777)
    (volume / "in.json").write_text('{"objects": [{"name": "ada"}]}')
    code, _, errors = run_once(
        client,
        image,
        ["predict", "/volume/in.json", "/volume", "--output-file-name", "out.json"],
        volumes={str(volume): {"bind": "/volume", "mode": "rw"}},
    )
    assert code == 0, errors
    assert json.loads((volume / "out.json").read_text()) == {"prediction": [{"greeting": "hello ada"}]}


SLEEPER = """
    import time

    def init():
        return "matrix"

    def predict_on_matrix(input_matrix, provided_columns_names=None):
        if any(row[0] == 2000 for row in input_matrix):
            print("sleeping", flush=True)
            time.sleep(60)
        return [[row[0]] for row in input_matrix], ["same"]
"""


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_container_that_is_stopped_leaves_nothing_half_made(
    client, registry, base_python, tmp_path, workers
):
    base_python("3.11")
    project = gppi_project(tmp_path / "project", SLEEPER)
    ways = [connection(registry)]
    published = package_model(packaging("docker-cli"), artifact=project, connections=ways).image
    volume = tmp_path / "volume"
    volume.mkdir()
    volume.chmod(0o777)
    (volume / "in.csv").write_text("x\n" + "".join(f"{number}\n" for number in range(4000)))
    with container(
        client,
        pull_by_digest(client, registry, published),
        command=["predict", "/volume/in.csv", "/volume", "--workers", workers, "--chunk-rows", "100"],
        volumes={str(volume): {"bind": "/volume", "mode": "rw"}},
    ) as started:
        until(lambda: b"sleeping" in started.logs())
        until(lambda: len(list(volume.iterdir())) == 2)
        started.stop(timeout=8)
        assert started.wait()["StatusCode"] == 128 + signal.SIGTERM
    assert [path.name for path in volume.iterdir()] == ["in.csv"]
