"""Conda files translated to what PyPI has."""

import re

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from odahu_pack_core.errors import ArtifactError, SpecError
from odahu_pack_core.plan.artifact import ArtifactEntry, ModelArtifact
from odahu_pack_core.plan.dependencies import read_conda_file

SECRET = "s3cr3t"


@pytest.fixture
def read(tmp_path):
    """Read a conda file of an artifact with these files."""

    def read(text, *, path="conda.yaml", build_from_source=False, **files):
        entries = []
        for name, content in {path: text, **{k.replace("__", "/"): v for k, v in files.items()}}.items():
            file = tmp_path / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(content)
            entries.append(ArtifactEntry(name, len(content)))
        folders = {p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_dir()}
        entries += [ArtifactEntry(folder, is_folder=True) for folder in folders]
        artifact = ModelArtifact("gppi", tmp_path, tuple(sorted(entries, key=lambda e: e.path)), "m", "1")
        return read_conda_file(artifact, path, build_from_source=build_from_source)

    return read


def conda(*lines):
    return yaml.safe_dump({"dependencies": list(lines)})


def pip(*lines):
    return conda({"pip": list(lines)})


def faults(read, text, **files):
    with pytest.raises(SpecError) as told:
        read(text, **files)
    assert told.value.exit_code == 10
    return told.value.message


@pytest.mark.parametrize(
    ("spec", "requirement"),
    [
        ("numpy", "numpy"),
        ("numpy=1.19", "numpy==1.19.*"),
        ("numpy=1.19.2", "numpy==1.19.2.*"),
        ("numpy==1.19.2", "numpy==1.19.2"),
        ("numpy==1.19.*", "numpy==1.19.*"),
        ("numpy=1.19.*", "numpy==1.19.*"),
        ("numpy=1.19.2=py37h54aff64_0", "numpy==1.19.2"),
        ("numpy==1.19.2=py37h54aff64_0", "numpy==1.19.2"),
        ("numpy 1.19.2 py37_0", "numpy==1.19.2"),
        ("numpy 1.19.*", "numpy==1.19.*"),
        ("numpy 1.19", "numpy==1.19"),
        ("numpy>=1.19,<1.20", "numpy>=1.19,<1.20"),
        ("numpy >= 1.19 , < 1.20", "numpy>=1.19,<1.20"),
        ("numpy>=1.19.*", "numpy>=1.19"),
        ("numpy!=1.19.*", "numpy!=1.19.*"),
        ("numpy~=1.19", "numpy~=1.19"),
        ("numpy=*", "numpy"),
        ("NumPy=1.19", "numpy==1.19.*"),
        ("conda-forge::numpy=1.19", "numpy==1.19.*"),
        ("conda-forge/linux-64::numpy=1.19", "numpy==1.19.*"),
        ("defaults::numpy", "numpy"),
        ("numpy[version='>=1.19,<2',build=py37*]", "numpy>=1.19,<2"),
        ("numpy[channel=conda-forge]", "numpy"),
        ("pytorch=1.7.1=py3.7_cuda11.0.221_cudnn8.0.5_0", "torch==1.7.1"),
        ("py-xgboost=1.3", "xgboost==1.3.*"),
        ("msgpack-python", "msgpack"),
        ("typing_extensions", "typing-extensions"),
        ("importlib_metadata=4", "importlib-metadata==4.*"),
        ("ruamel.yaml", "ruamel.yaml"),
        ("opencv==4.5.5", "opencv-python-headless==4.5.5.*"),
        ("opencv=4.5", "opencv-python-headless==4.5.*"),
        ("opencv>=4.5.5", "opencv-python-headless>=4.5.5"),
        ("dask", "dask[complete]"),
        ("psycopg2=2.9", "psycopg2-binary==2.9.*"),
        ("tzdata=2021a", "tzdata"),
        ("protobuf=3.20", "protobuf==3.20.*"),
        ("pyyaml", "pyyaml"),
        ("setuptools<60", "setuptools<60"),
    ],
)
def test_a_known_package_becomes_its_twin(read, spec, requirement):
    conda_file = read(conda(spec))
    assert conda_file.dependencies.pip == (requirement,)
    assert conda_file.dependencies.conda == ()
    [decision] = conda_file.decisions
    assert (decision.subject, decision.choice) == (f"conda package {spec}", requirement)
    assert decision.reason


def test_a_build_string_is_left_out_with_a_word(read):
    [decision] = read(conda("numpy=1.19.2=py37_0")).decisions
    assert "py37_0" in decision.reason


@pytest.mark.parametrize(
    "spec",
    [
        "_libgcc_mutex=0.1=main",
        "_openmp_mutex=5.1=1_gnu",
        "openssl=1.1.1k=h27cfd23_0",
        "ca-certificates=2021.5.30",
        "libgcc-ng=9.3.0",
        "ld_impl_linux-64=2.35.1",
        "pip",
        "pip=21",
        "wheel",
        "mkl_fft",
        "libopenblas",
        "arrow-cpp=3",
    ],
)
def test_what_wheels_do_not_need_is_left_out_with_a_reason(read, spec):
    conda_file = read(conda(spec))
    assert (conda_file.dependencies.pip, conda_file.dependencies.conda) == ((), ())
    [decision] = conda_file.decisions
    assert decision.choice == "left out"
    assert decision.reason


@pytest.mark.parametrize(
    "spec",
    [
        "gdal",
        "cudatoolkit=11.3",
        "openjdk=8",
        "my-own-package=1.0",
        "r-base",
        "numpy=1.19|=1.20",
        "numpy 1.19|1.20.*",
        "numpy=2021a",
        "mycompany::numpy",
        "https://conda.example/mine::numpy",
        "numpy[license=BSD]",
    ],
)
def test_what_is_not_known_stays_a_conda_package(read, spec):
    conda_file = read(conda("scipy", spec))
    assert conda_file.dependencies.conda == (spec,)
    assert conda_file.dependencies.pip == ("scipy",)
    assert conda_file.decisions[1].choice == "a real conda package"


@pytest.mark.parametrize(
    ("lines", "pin"),
    [
        (["python=3.7.16"], "==3.7.16.*"),
        (["python=3.7"], "==3.7.*"),
        (["python 3.7.*"], "==3.7.*"),
        (["python==3.7.16"], "==3.7.16"),
        (["python=3.7.16=h12debd9_0"], "==3.7.16"),
        (["python>=3.8,<3.11"], ">=3.8,<3.11"),
        (["python>=3.8", "python<3.11"], ">=3.8,<3.11"),
        (["conda-forge::python=3.9"], "==3.9.*"),
        (["python"], ""),
        ([], ""),
    ],
)
def test_pythons_pin_is_read(read, lines, pin):
    conda_file = read(conda(*lines))
    assert conda_file.python == pin
    assert conda_file.dependencies.pip == ()
    SpecifierSet(pin)


def test_both_sections_are_kept_in_the_users_own_words(read):
    dependencies = read(
        conda("python=3.7", "numpy=1.19=py37_0", "gdal", {"pip": ["click==7.1.2"]})
    ).dependencies
    assert dependencies.as_written.packages == ("python=3.7", "numpy=1.19=py37_0", "gdal")
    assert dependencies.as_written.pip == ("click==7.1.2",)
    assert dependencies.pip == ("numpy==1.19", "click==7.1.2")


def test_pip_comes_last_so_it_wins(read):
    conda_file = read(conda("numpy=1.19", "PyYAML=5", {"pip": ["NumPy==1.21.0", "scipy"]}))
    assert conda_file.dependencies.pip == ("pyyaml==5.*", "NumPy==1.21.0", "scipy")
    assert conda_file.decisions[-1].choice == "NumPy==1.21.0"


def test_requirements_are_kept_as_they_are_meant(read):
    lines = [
        "mlflow<3,>=2.13",
        "scikit-learn == 0.24.2  # the trainer's",
        "uvicorn[standard]>=0.16 ; python_version >= '3.7'",
        "click==7.1.2 --hash=sha256:" + "a" * 64 + " --hash sha256:" + "b" * 64,
    ]
    assert read(pip(*lines)).dependencies.pip == (
        "mlflow<3,>=2.13",
        "scikit-learn==0.24.2",
        'uvicorn[standard]>=0.16; python_version >= "3.7"',
        "click==7.1.2 --hash=sha256:" + "a" * 64 + " --hash=sha256:" + "b" * 64,
    )


def test_files_of_the_artifact_are_followed_from_where_they_are(read):
    dependencies = read(
        pip("-r requirements.txt", "--constraint=../bounds.txt", "../wheels/mine-1.0-py3-none-any.whl"),
        path="model/conda.yaml",
        **{
            "model__requirements.txt": "-r more/deep.txt\nnumpy==1.19.5 \\\n  --hash=sha256:"
            + "c" * 64
            + "\n\n# end",
            "model__more__deep.txt": "-c deep-bounds.txt\n-r ../requirements.txt\nscipy\n",
            "model__more__deep-bounds.txt": "six<2\n",
            "bounds.txt": "h11==0.9.0\n",
            "wheels__mine-1.0-py3-none-any.whl": "",
        },
    ).dependencies
    assert dependencies.pip == ("scipy", "numpy==1.19.5 --hash=sha256:" + "c" * 64)
    assert dependencies.constraints == ("six<2", "h11==0.9.0")
    assert dependencies.wheels == ("wheels/mine-1.0-py3-none-any.whl",)


def test_indexes_are_kept(read):
    dependencies = read(
        pip(
            "-i https://one.example/simple",
            "--extra-index-url https://two.example/simple/",
            "--extra-index-url=https://two.example/simple/",
            "--find-links wheels",
            "--no-index",
            "--prefer-binary",
        ),
        **{"wheels__a-1-py3-none-any.whl": ""},
    ).dependencies
    assert dependencies.index_url == "https://one.example/simple"
    assert dependencies.extra_index_urls == ("https://two.example/simple/",)
    assert dependencies.find_links == ("wheels",)
    assert dependencies.no_index


@pytest.mark.parametrize(
    ("line", "mend"),
    [
        ("-e .", "build a wheel"),
        ("--editable=./mine", "build a wheel"),
        ("git+https://github.com/x/y.git", "build a wheel"),
        ("y @ git+https://github.com/x/y.git", "build a wheel"),
        ("https://host.example/y-1-py3-none-any.whl", "build a wheel"),
        ("y @ https://host.example/y-1-py3-none-any.whl", "build a wheel"),
        ("file:///etc/passwd", "build a wheel"),
        ("./mine", "build a wheel"),
        ("../../outside-1-py3-none-any.whl", "inside the artifact"),
        ("/etc/absolute-1-py3-none-any.whl", "inside the artifact"),
        ("absent-1-py3-none-any.whl", "no file absent-1-py3-none-any.whl"),
        ("-r absent.txt", "no file absent.txt"),
        ("-r ../outside.txt", "inside the artifact"),
        ("-r /etc/passwd", "inside the artifact"),
        ("-r https://host.example/r.txt", "inside the artifact"),
        ("-r", "inside the artifact"),
        ("--find-links https://host.example/", "inside the artifact"),
        ("--find-links absent", "no folder absent"),
        ("--index-url file:///root", "http or https"),
        ("--index-url ftp://host.example/", "http or https"),
        ("--index-url https://host.example/?token=x", "http or https"),
        ("--index-url https://[", "not the URL"),
        ("--pre", "unknown option --pre"),
        ("--trusted-host x", "unknown option --trusted-host"),
        ("--no-indx", "did you mean '--no-index'?"),
        ("numpy 1.19", "not a requirement"),
        ("numpy==", "not a requirement"),
        ("numpy --hash=md5:1", "not a requirement"),
    ],
)
def test_what_an_artifact_may_not_say_is_told_with_its_line(read, line, mend):
    told = faults(read, pip("click", line))
    assert mend in told
    assert told.startswith("conda.yaml, line ")
    assert len(told.splitlines()) == 1


@pytest.mark.parametrize(
    "line",
    [
        f"--index-url https://bob:{SECRET}@host.example/simple",
        f"--extra-index-url=https://{SECRET}@host.example/simple",
        f"-ihttps://bob:{SECRET}@host.example",
        f"y @ https://bob:{SECRET}@host.example/y.whl",
        f"git+https://{SECRET}@github.com/x/y",
        f"-r https://bob:{SECRET}@host.example/r.txt",
        f"--find-links https://bob:{SECRET}@host.example/",
        f"--unknown https://bob:{SECRET}@host.example/",
        f"--index-url https://${{TOKEN}}:{SECRET}@host.example/",
    ],
)
def test_credentials_are_an_error_that_does_not_show_them(read, line):
    assert SECRET not in faults(read, pip(line))


@pytest.mark.parametrize(
    "text",
    [
        f"channels: ['https://bob:{SECRET}@conda.example/mine']\ndependencies: []",
        f"channels: ['https://conda.example/t/{SECRET}/mine']\ndependencies: []",
        f"dependencies: ['https://bob:{SECRET}@conda.example/mine::numpy']",
        f"dependencies: ['https://conda.example/t/{SECRET}/mine::numpy=1[']",
    ],
)
def test_credentials_of_a_channel_are_an_error_that_does_not_show_them(read, text):
    told = faults(read, text)
    assert SECRET not in told
    assert "credentials" in told


def test_all_faults_are_told_at_once(read):
    told = faults(read, conda("numpy[", "python=3.7|3.8", "numpy^1", {"pip": ["-e .", "a b"]}))
    assert [re.match(r"conda.yaml, line (\d+)", line)[1] for line in told.splitlines()] == [
        "2",
        "3",
        "4",
        "6",
        "7",
    ]


def test_a_fault_in_a_requirements_file_names_that_file(read):
    told = faults(read, pip("-r r.txt"), **{"r.txt": "click\n\nnumpy \\\n==\n"})
    assert told.startswith("r.txt, line 3: ")


def test_files_that_name_each_other_end(read):
    dependencies = read(
        pip("-r a.txt"), **{"a.txt": "-r b.txt\nsix\n", "b.txt": "-r a.txt\n-c a.txt\nh11\n"}
    ).dependencies
    assert set(dependencies.pip) == {"six", "h11"}
    assert set(dependencies.constraints) == {"six", "h11"}


def test_variables_are_told(read):
    [decision] = read("dependencies: []\nvariables: {OMP_NUM_THREADS: 1}").decisions
    assert "OMP_NUM_THREADS" in decision.reason


def test_building_from_source_is_kept(read):
    assert read(conda(), build_from_source=True).dependencies.build_from_source
    assert not read(conda()).dependencies.build_from_source


def test_a_missing_conda_file_is_told(tmp_path):
    artifact = ModelArtifact("gppi", tmp_path, (), "m", "1")
    with pytest.raises(ArtifactError, match=r"conda\.yaml"):
        read_conda_file(artifact, "conda.yaml", build_from_source=False)


@pytest.mark.property
@given(line=st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126), min_size=1))
def test_any_pip_line_is_kept_or_refused(tmp_path_factory, line):
    folder = tmp_path_factory.mktemp("any")
    (folder / "conda.yaml").write_text(pip(line), encoding="utf-8")
    artifact = ModelArtifact("gppi", folder, (ArtifactEntry("conda.yaml", 1),), "m", "1")
    try:
        dependencies = read_conda_file(artifact, "conda.yaml", build_from_source=False).dependencies
    except SpecError:
        return  # refused, and nothing else went wrong
    for requirement in dependencies.pip:
        assert Requirement(requirement.partition(" --hash=")[0]).url is None
