"""Rules about the environments and the code of Python models: a fault each, and the nearest good form."""

import bz2
import gzip
import io
import tarfile
import time
import zipfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_triton.lint import RULES
from odahu_pack_triton.python_environments.listing import ArchiveError, names_in_archive
from tests.plugins.triton.linted_files import CODE, IDENTITY, model, subject_of, told

CONFIG = 'backend: "python"\n'
ELF = b"\x7fELF\x02"


def environment(path):
    """Return a configuration with an environment."""
    return f'{CONFIG}parameters {{ key: "EXECUTION_ENV_PATH" value {{ string_value: "{path}" }} }}\n'


def archive(*names, packed=gzip.compress):
    """Return a tar archive of empty files."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name in names:
            tar.addfile(tarfile.TarInfo(name))
    return packed(stream.getvalue())


def tar_header(name, size):
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT)


def zipped(*names):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name in names:
            archive.writestr(name, "")
    return stream.getvalue()


WALRUS = "if (n := 3) > 2:\n    print(n)\n"
WALRUS_LINE = (
    "TR521 1/model.py:1:11: Python 3.6 does not take it: "
    "Assignment expressions are only supported in Python 3.8 and greater"
)
COMPLETING = f"{IDENTITY}\n    def auto_complete_config(self, c):\n        return c\n"
STATIC = f"{IDENTITY}\n    @staticmethod\n    def auto_complete_config(c):\n        pass\n"
FOLDER = "$$TRITON_MODEL_DIRECTORY"
PACKED = environment(f"{FOLDER}/env.tar.gz")
UNPACKED = environment(f"{FOLDER}/env")
RIGHT = {"env/bin/activate": "", "env/lib/python3.10/site-packages/a.py": ""}
PACKED_RIGHT = archive("bin/activate", "lib/python3.10/os.py")


def with_packed(content, **options):
    """Return a model with an archive of its own."""
    return model(PACKED, {**CODE, "env.tar.gz": content}, **options)


CASES = [
    (
        "TR501 2:48: Triton 20.11 ignores EXECUTION_ENV_PATH",
        model(environment("/opt/model"), CODE, release="20.11"),
        model(environment("/opt/model"), CODE, release="21.06"),
    ),
    (
        "TR502 2:48: the path 'env.tar.gz' is relative",
        model(environment("env.tar.gz"), {**CODE, "env.tar.gz": PACKED_RIGHT}),
        with_packed(PACKED_RIGHT),
    ),
    (
        "TR502 2:48: the path '$TRITON_MODEL_DIRECTORY/env' is relative",
        model(environment("$TRITON_MODEL_DIRECTORY/env"), {**CODE, **RIGHT}),
        model(UNPACKED, {**CODE, **RIGHT}),
    ),
    ("TR503 2:48: the model's folder has no 'env.tar.gz'", model(PACKED, CODE), with_packed(PACKED_RIGHT)),
    (
        "TR503 2:48: the model's folder has no 'environment'",
        model(environment(f"{FOLDER}/environment"), {**CODE, **RIGHT}),
        model(environment(f"{FOLDER}/./env/"), {**CODE, **RIGHT}),
    ),
    (
        "TR504 2:48: '/mnt/envs/wine.tar.gz' is not in the model's folder",
        model(environment("/mnt/envs/wine.tar.gz"), CODE),
        model(environment("/opt/model"), CODE),
    ),
    (
        "TR504 2:48: '$$TRITON_MODEL_DIRECTORY/../env.tar.gz' is not in the model's folder",
        model(environment(f"{FOLDER}/../env.tar.gz"), CODE),
        with_packed(PACKED_RIGHT),
    ),
    (
        "TR505 2:48: Triton 23.06 takes no folder as an environment",
        model(UNPACKED, {**CODE, **RIGHT}, release="23.06"),
        model(UNPACKED, {**CODE, **RIGHT}, release="23.07"),
    ),
    (
        "TR506 2:48: the environment is a zip archive",
        with_packed(zipped("bin/activate")),
        with_packed(archive("bin/activate", packed=bytes)),
    ),
    (
        "TR506 2:48: the environment is compressed by bzip2",
        with_packed(archive("bin/activate", packed=bz2.compress)),
        with_packed(archive("bin/activate")),
    ),
    (
        "TR506 2:48: the environment is no tar",
        with_packed(gzip.compress(b"hello" * 200)),
        with_packed(PACKED_RIGHT),
    ),
    (
        "TR506 2:48: the environment is cut off",
        with_packed(archive("bin/python")[:-20]),
        with_packed(PACKED_RIGHT),
    ),
    (
        "TR506 2:48: the environment is cut off",
        with_packed(tar_header("weights", 5000) + bytes(1000)),
        with_packed(tar_header("weights", 5000) + bytes(5120)),
    ),
    (
        "TR507 2:48: the environment has no bin/activate",
        with_packed(archive("env/bin/activate")),
        with_packed(archive("./bin/activate")),
    ),
    (
        "TR507 2:48: the environment has no bin/activate",
        model(UNPACKED, {**CODE, "env/bin/python": ""}),
        model(UNPACKED, {**CODE, "env/bin/activate": ""}),
    ),
    (
        "TR508 2:48: the environment is for Python 3.8, but Triton 24.10 runs 3.10",
        with_packed(archive("bin/activate", "lib/python3.8/os.py")),
        with_packed(archive("bin/activate", "lib/python3.8/os.py"), release="23.04"),
    ),
    (
        "TR508 2:48: the environment is for Python 3.9, but Triton 24.11 runs 3.12",
        model(UNPACKED, {**CODE, "env/bin/activate": "", "env/bin/python3.9": ""}, release="24.11"),
        model(UNPACKED, {**CODE, "env/bin/activate": "", "env/bin/python3.12": ""}, release="24.11"),
    ),
    (
        "TR508 2:48: the environment is for Python 3.11, but Triton 24.10 runs 3.10",
        model(UNPACKED, {**CODE, "env/conda-meta/python-3.11.4-h1_0.json": "", "env/lib/python3.10": ""}),
        model(UNPACKED, {**CODE, "env/conda-meta/python-3.10.4-h1_0.json": "", "env/lib/python3.1": ""}),
    ),
    (
        "TR511 1/fast.cpython-38-x86_64-linux-gnu.so: it is for Python 3.8, but Triton 24.10 runs 3.10",
        model(CONFIG, {**CODE, "1/fast.cpython-38-x86_64-linux-gnu.so": ""}),
        model(
            CONFIG,
            {
                **CODE,
                "1/fast.cpython-38-x86_64-linux-gnu.so": "",
                "1/fast.cpython-310-x86_64-linux-gnu.so": "",
            },
        ),
    ),
    (
        "TR512 triton_python_backend_stub: it is no program for Linux",
        model(CONFIG, {**CODE, "triton_python_backend_stub": "version https://git-lfs.github.com/spec/v1"}),
        model(CONFIG, {**CODE, "triton_python_backend_stub": ELF}),
    ),
    (
        "TR521 1/model.py:1:14: Python 3.10 does not take it: expected ':'",
        model(CONFIG, {"1/model.py": "class Model()\n    pass\n"}),
        model(CONFIG, CODE),
    ),
    (
        WALRUS_LINE,
        model(CONFIG, {"1/model.py": WALRUS}, release="20.11"),
        model(CONFIG, {"1/model.py": WALRUS}, release="20.12"),
    ),
    (
        "TR522 1/model.py:4:1: there is no class TritonPythonModel",
        model(CONFIG, {"1/model.py": IDENTITY.replace("TritonPythonModel", "WineModel")}),
        model(CONFIG, {"1/model.py": "from wine import TritonPythonModel\n"}),
    ),
    (
        "TR522 1/model.py: there is no class TritonPythonModel",
        model(CONFIG, {"1/model.py": "x = 1\n"}),
        model(CONFIG, {"1/model.py": "from wine import *\n"}),
    ),
    (
        "TR523 1/model.py:4:1: TritonPythonModel has no execute",
        model(CONFIG, {"1/model.py": IDENTITY.replace("def execute", "def run")}),
        model(
            CONFIG,
            {"1/model.py": IDENTITY.replace("def execute", "def run").replace("Model:", "Model(Base):")},
        ),
    ),
    (
        "TR524 1/model.py:5:5: execute does not take what Triton gives it",
        model(CONFIG, {"1/model.py": IDENTITY.replace("self, requests", "self")}),
        model(CONFIG, {"1/model.py": IDENTITY.replace("self, requests", "self, requests, depth=1")}),
    ),
    (
        "TR524 1/model.py:8:5: initialize does not take what Triton gives it",
        model(CONFIG, {"1/model.py": f"{IDENTITY}\n    def initialize(self):\n        pass\n"}),
        model(CONFIG, {"1/model.py": f"{IDENTITY}\n    def initialize(self, *args):\n        pass\n"}),
    ),
    (
        "TR524 1/model.py:8:5: __init__ does not take what Triton gives it",
        model(CONFIG, {"1/model.py": f"{IDENTITY}\n    def __init__(self, *, path):\n        pass\n"}),
        model(CONFIG, {"1/model.py": f"{IDENTITY}\n    def __init__(self, *, path=''):\n        pass\n"}),
    ),
    (
        "TR525 1/model.py:8:5: auto_complete_config is not static",
        model(CONFIG, {"1/model.py": COMPLETING}),
        model(CONFIG, {"1/model.py": COMPLETING}, release="22.05"),
    ),
    (
        "TR526 1/model.py:9:5: auto_complete_config returns nothing",
        model(CONFIG, {"1/model.py": STATIC}),
        model(CONFIG, {"1/model.py": STATIC.replace("pass", "return c")}),
    ),
]


@pytest.mark.parametrize(("line", "faulty", "good"), CASES, ids=[line[:5] for line, _, _ in CASES])
def test_a_fault_is_told_at_its_place_and_the_nearest_good_form_is_not(tmp_path, line, faulty, good):
    assert told(subject_of(tmp_path / "faulty", faulty), line[:5]) == [line]
    assert told(subject_of(tmp_path / "good", good), line[:5]) == []


@pytest.mark.parametrize(
    "code",
    [
        IDENTITY.replace("Model:", "Model(Base):"),
        IDENTITY.replace("class ", "@registered\nclass "),
        "try:\n    import fast\nexcept ImportError:\n    fast = None\n" + IDENTITY,
        f"{IDENTITY}\n\nTritonPythonModel.execute = None\n",
        f"{IDENTITY}\n    @cached\n    def initialize(self):\n        pass\n",
        f"{IDENTITY}\n    @staticmethod\n    def initialize(args):\n        pass\n",
        IDENTITY.replace("def execute", "async def execute"),
        "exec(open('/models/code.py').read())\n",
        "",
    ],
)
def test_code_that_may_be_right_is_not_called_wrong(tmp_path, code):
    files = {"1/model.py": code or "from impl import TritonPythonModel\n"}
    subject = subject_of(tmp_path, model(CONFIG, files))
    assert [line for rule in RULES if rule.startswith("TR52") for line in told(subject, rule)] == []


def test_a_stub_of_its_own_makes_any_python_right(tmp_path):
    files = {
        **CODE,
        "triton_python_backend_stub": ELF,
        "env.tar.gz": archive("bin/activate", "bin/python3.13"),
    }
    assert told(subject_of(tmp_path, model(PACKED, files)), "TR508") == []


def test_nothing_is_read_of_an_environment_that_the_release_ignores(tmp_path):
    subject = subject_of(tmp_path, model(environment("nowhere"), CODE, release="20.11"))
    assert [line for rule in RULES if rule.startswith("TR50") for line in told(subject, rule)] == [
        "TR501 2:48: Triton 20.11 ignores EXECUTION_ENV_PATH"
    ]


def test_long_names_are_read_in_both_forms():
    name = "lib/" + "a" * 150 + "/b"
    for form in (tarfile.GNU_FORMAT, tarfile.PAX_FORMAT, tarfile.USTAR_FORMAT):
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w", format=form) as tar:
            tar.addfile(tarfile.TarInfo(name if form != tarfile.USTAR_FORMAT else "a" * 90 + "/" + "b" * 90))
            tar.addfile(tarfile.TarInfo("bin/activate"))
        stream.seek(0)
        first, second = names_in_archive(stream)
        assert (len(first), second) == (len(name) if form != tarfile.USTAR_FORMAT else 181, "bin/activate")


def test_a_very_large_environment_is_not_read_to_its_end(tmp_path):
    content = io.BytesIO()
    with gzip.GzipFile(fileobj=content, mode="wb", compresslevel=1) as stream:
        stream.write(tar_header("weights", 300 * 1024 * 1024))
        for _ in range(300):
            stream.write(bytes(1024 * 1024))
    begin = time.process_time()
    subject = subject_of(tmp_path, with_packed(content.getvalue()))
    assert [line for rule in ("TR506", "TR507", "TR508") for line in told(subject, rule)] == []
    assert time.process_time() - begin < 10


@given(st.binary(max_size=3000), st.integers(0, 1600), st.booleans())
def test_a_damaged_archive_is_told_as_such_or_read(noise, start, is_packed):
    whole = archive("bin/activate", "lib/python3.10/os.py", packed=gzip.compress if is_packed else bytes)
    damaged = whole[:start] + noise + whole[start + len(noise) :]
    try:
        names = list(names_in_archive(io.BytesIO(damaged)))
    except ArchiveError:
        return
    assert all(isinstance(name, str) for name in names)
