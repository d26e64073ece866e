"""Bad models and manifests through the whole command: words, exit code, and nothing left behind."""

import gzip
import io
import tarfile

import pytest

PACKAGING = """\
kind: ModelPackaging
id: wine
spec:
  integrationName: docker-rest
  artifactName: model.tar
  arguments: {imageName: "wine:1"}
"""
MANIFEST = """\
binaries: {type: python, dependencies: conda, conda_path: conda.yaml}
model: {name: wine, version: "0.1", workDir: model, entrypoint: entrypoint}
"""
GOOD = {
    "odahuflow.project.yaml": MANIFEST,
    "conda.yaml": "dependencies: [python=3.11]\n",
    "model/entrypoint.py": "def init():\n    return 'matrix'\n",
}


@pytest.fixture
def answer(odahuflowctl, tmp_path, monkeypatch):
    """Plan an image of some model and manifest; return exit code and message, nothing being left."""
    folder, scratch = tmp_path / "project", tmp_path / "scratch"
    folder.mkdir()
    scratch.mkdir()
    monkeypatch.chdir(folder)
    monkeypatch.setattr("tempfile.tempdir", str(scratch))

    def call(archive=None, packaging=PACKAGING):
        (folder / "pack.yaml").write_text(packaging, encoding="utf-8")
        if archive is not None:
            (folder / "model.tar").write_bytes(archive)
        before = sorted(folder.iterdir())
        finished = odahuflowctl("local", "pack", "plan", "-f", "pack.yaml", "--output", "type=docker")
        assert sorted(folder.iterdir()) == before
        assert list(scratch.iterdir()) == []
        assert "Traceback" not in finished.err
        assert finished.out == "" or finished.code == 0
        return finished.code, finished.err

    return call


def archive_of(files, *members):
    """Return a tar of text files, with more members as they are."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
        for member in members:
            tar.addfile(member)
    return stream.getvalue()


def member(name, kind=tarfile.REGTYPE, target=""):
    found = tarfile.TarInfo(name)
    found.type, found.linkname = kind, target
    return found


def test_good_input_is_planned(answer):
    assert answer(archive_of(GOOD)) == (0, "")


@pytest.mark.parametrize(
    ("archive", "words"),
    [
        (b"", "is no archive"),
        (b"PK\x03\x04 and then nothing", "model.tar"),
        (archive_of(GOOD)[:700], "model.tar"),
        (archive_of(GOOD, member("../evil")), "../evil"),
        (archive_of(GOOD, member("/etc/evil")), "/etc/evil"),
        (archive_of(GOOD, member("link", tarfile.SYMTYPE, "../../etc/passwd")), "link"),
        (archive_of(GOOD, member("device", tarfile.CHRTYPE)), "device"),
        (archive_of({**GOOD, "odahuflow.project.yaml": MANIFEST.partition("model:")[0]}), "model"),
        (archive_of({**GOOD, "odahuflow.project.yaml": ": : :"}), "odahuflow.project.yaml"),
        (archive_of({"wine/" + name: text for name, text in GOOD.items()}), "not inside wine/"),
        (archive_of({"other.txt": "x"}), "at its root are: other.txt"),
        (None, "in none of these places"),
    ],
    ids=[
        "empty",
        "corrupt zip",
        "cut short",
        "leaves the tree",
        "absolute",
        "link out",
        "device",
        "manifest without model",
        "manifest that is no YAML",
        "manifest not at the root",
        "no model",
        "missing",
    ],
)
def test_a_bad_artifact_is_12(answer, archive, words):
    code, message = answer(archive)
    assert code == 12, message
    assert words in message


def test_a_bomb_is_12(answer, monkeypatch):
    monkeypatch.setattr("odahu_pack_core.artifact.limits._FREE_BYTES", 1000)
    monkeypatch.setattr("odahu_pack_core.artifact.limits.DEFAULT_EXPANSION", 1)
    bomb = gzip.compress(archive_of({**GOOD, "model/zeros": "0" * 10_000_000}))
    code, message = answer(bomb)
    assert code == 12, message
    assert "--max-expansion" in message


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"model/entrypoint.py": None, "model/other.py": ""}, 12, "entrypoint"),
        ({"conda.yaml": None}, 12, "conda.yaml"),
        ({"conda.yaml": "dependencies: ["}, 10, "conda.yaml, line 1"),
        ({"conda.yaml": "dependencies: [python=3.11, {pip: ['-e .']}]"}, 10, "-e ."),
        (
            {"conda.yaml": "dependencies: [python=3.11, {pip: ['git+https://127.0.0.1/x']}]"},
            10,
            "only packages of an index",
        ),
    ],
    ids=["no entrypoint", "no conda file", "conda file that is no YAML", "editable", "from a repository"],
)
def test_bad_model_files(answer, change, code, words):
    files = {name: text for name, text in {**GOOD, **change}.items() if text is not None}
    found, message = answer(archive_of(files))
    assert found == code, message
    assert words in message


@pytest.mark.parametrize(
    ("old", "new", "code", "words"),
    [
        ("docker-rest", "docker-rset", 11, "line 4: spec.integrationName: unknown integration 'docker-rset'"),
        (
            "imageName",
            "imagName",
            10,
            "line 6: spec.arguments.imagName: unknown key; did you mean 'imageName'?",
        ),
        ('"wine:1"', '"wine:1", port: "80"', 10, "line 6: spec.arguments.port: must be a whole number"),
        ('"wine:1"', '"{{ Nme }}:1"', 10, "Nme"),
        (
            "artifactName",
            "artefactName",
            10,
            "line 5: spec.artefactName: unknown key; did you mean 'artifactName'?",
        ),
        ("model.tar", "../model.tar", 10, "line 5: spec.artifactName: artifactName is a file's name"),
        ("id: wine", "id: Wine", 10, "line 2: id: must be lowercase letters"),
        ("spec:", "spec: [", 10, "pack.yaml, line"),
        ("spec:", "targets: []\nspec:", 10, "line 3: targets: unknown key"),
    ],
)
def test_bad_manifests(answer, old, new, code, words):
    found, message = answer(archive_of(GOOD), PACKAGING.replace(old, new))
    assert found == code, message
    assert words in message


@pytest.mark.parametrize(
    ("target", "words"),
    [
        (
            "{name: docker-psh, connectionName: press}",
            "unknown target 'docker-psh'; did you mean 'docker-push'?",
        ),
        ("{name: docker-push, connectionName: pres}", "there is no connection 'pres'"),
        ("{name: docker-push, connectionName: bucket}", "connection 'bucket' is of type 's3'"),
        ("{name: docker-push}", "spec.targets[0].connectionName: is required"),
    ],
)
def test_bad_targets_are_10(answer, target, words):
    bucket = "---\nkind: Connection\nid: bucket\nspec: {type: s3, uri: 's3://bucket'}\n"
    code, message = answer(archive_of(GOOD), f"{PACKAGING}  targets: [{target}]\n{bucket}")
    assert code == 10, message
    assert words in message
