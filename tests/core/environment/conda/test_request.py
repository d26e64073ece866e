"""What rattler is asked for."""

import pytest

from odahu_pack_core.environment.conda.request import conda_request
from odahu_pack_core.errors import DependencyError
from odahu_pack_core.plan.environment import CondaWords
from tests.core.environment.conftest import facts, wanted


def request_of(*packages, environ=None, channels=(), base=None):
    layer = wanted(conda=packages, channels=tuple(channels), as_written=CondaWords(packages))
    return conda_request(layer, base or facts("3.11"), environ or {})


@pytest.mark.parametrize(
    ("written", "urls"),
    [
        ((), ["https://conda.anaconda.org/conda-forge"]),
        (("nodefaults",), ["https://conda.anaconda.org/conda-forge"]),
        (
            ("mine", "conda-forge"),
            ["https://conda.anaconda.org/mine", "https://conda.anaconda.org/conda-forge"],
        ),
        (("conda-forge/label/dev",), ["https://conda.anaconda.org/conda-forge/label/dev"]),
        (("https://there.example/mine/",), ["https://there.example/mine"]),
        (("file:///srv/channel",), ["file:///srv/channel"]),
        (("defaults",), ["https://repo.anaconda.com/pkgs/main", "https://repo.anaconda.com/pkgs/r"]),
    ],
)
def test_channels(written, urls):
    assert list(request_of("gdal", channels=written).channels) == urls


def test_a_channel_beside_a_package_comes_last():
    assert request_of("bioconda::tool", "conda-forge::gdal").channels == (
        "https://conda.anaconda.org/conda-forge",
        "https://conda.anaconda.org/bioconda",
    )


@pytest.mark.parametrize("channel", ["./mine", "/srv/channel", "../up", "ftp://there/x", "a b", "~/x"])
def test_what_is_no_channel(channel):
    with pytest.raises(DependencyError, match="is not a conda channel"):
        request_of("gdal", channels=(channel,))


def test_the_images_python_stands_beside_the_users_words():
    assert request_of("python >=3.8.5", "gdal=3").specs == ("python 3.11.*", "python >=3.8.5", "gdal=3")


def test_the_image_has_a_modest_glibc_and_no_cuda():
    assert request_of("gdal").virtual == (("__glibc", "2.28"), ("__linux", "4.18"), ("__unix", "0"))


def test_the_user_may_say_otherwise():
    environ = {"CONDA_OVERRIDE_CUDA": "12.4", "CONDA_OVERRIDE_GLIBC": "2.36"}
    assert dict(request_of("gdal", environ=environ).virtual) == {
        "__cuda": "12.4",
        "__glibc": "2.36",
        "__linux": "4.18",
        "__unix": "0",
    }


def test_no_conda_package_runs_on_musl():
    with pytest.raises(DependencyError, match="musl") as caught:
        request_of("gdal", base=facts("3.11", libc="musl"))
    assert "gdal" in caught.value.message
    assert "dockerfileBaseImage" in caught.value.hint


def test_an_unknown_platform_is_told():
    with pytest.raises(DependencyError, match="linux/s390x"):
        request_of("gdal", base=facts("3.11", platform="linux/s390x"))


def test_a_flat_folder_holds_no_conda_packages():
    with pytest.raises(DependencyError, match="environment is a flat folder") as caught:
        conda_request(wanted(conda=("gdal",), layout="site"), facts("3.11"), {})
    assert "gdal" in caught.value.message
