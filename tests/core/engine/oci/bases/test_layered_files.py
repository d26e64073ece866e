"""The files of an image seen through its layers."""

import tarfile

import pytest

from odahu_pack_core.engine.contents import look_into
from odahu_pack_core.engine.oci.bases.layered_files import LayeredFiles
from odahu_pack_core.errors import RegistryError
from odahu_pack_core.plan.base import BasePython, SitePackages
from odahu_pack_core.plan.cache_lock import write_cache_lock
from tests.core.engine.oci.bases.parts import (
    ELF,
    MUSL_ELF,
    PACKERS,
    directory,
    file,
    layer,
    link,
    program,
)

PATH = {"PATH": "/usr/local/bin:/usr/bin:/bin"}


def reads(layers):
    return [one.blob.reads for one in layers]


@pytest.mark.parametrize("pack", PACKERS)
@pytest.mark.parametrize(
    ("tar_format", "deep"),
    [
        pytest.param(tarfile.USTAR_FORMAT, "d" * 80, id="ustar"),
        pytest.param(tarfile.GNU_FORMAT, "d" * 200 + "/" + "é" * 100, id="gnu"),
        pytest.param(tarfile.PAX_FORMAT, "d" * 200 + "/" + "é" * 100, id="pax"),
    ],
)
def test_every_packing_and_tar_format_is_read(pack, tar_format, deep):
    target, split = f"{deep}/a/python3.9", f"{'p' * 90}/{'q' * 90}"
    entries = (directory("usr"), program(target), link("python3", target), file(split))
    files = LayeredFiles([layer(*entries, pack=pack, tar_format=tar_format)])

    assert files.program("/python3") == f"/{target}"
    assert files.start_of("/python3", 4) == b"\x7fELF"
    assert files.exists(f"/{split}")


def test_lower_layers_are_not_read_when_the_upper_ones_tell_all():
    layers = [
        layer(directory("usr"), program("usr/bin/python3")),
        layer(
            directory("usr"),
            directory("usr/local"),
            directory("usr/local/bin"),
            program("usr/local/bin/python3.11"),
            link("usr/local/bin/python3", "python3.11"),
        ),
        layer(directory("etc"), file("etc/motd")),
    ]

    contents = look_into(LayeredFiles(layers), PATH, {}, "linux/amd64")

    assert (contents.python, contents.interpreter, contents.libc) == (
        "3.11",
        "/usr/local/bin/python3.11",
        "glibc",
    )
    assert reads(layers) == [0, 1, 1]


def test_a_merged_usr_of_a_lower_layer_is_followed():
    layers = [
        layer(link("bin", "usr/bin"), directory("usr"), directory("usr/bin")),
        layer(
            directory("usr"),
            directory("usr/bin"),
            program("usr/bin/python3.12"),
            link("usr/bin/python3", "/etc/alternatives/python3"),
        ),
        layer(
            directory("etc"),
            directory("etc/alternatives"),
            link("etc/alternatives/python3", "../../bin/python3.12"),
        ),
    ]

    assert LayeredFiles(layers).program("/bin/python3") == "/usr/bin/python3.12"


def test_the_c_library_is_told_by_the_interpreters_loader():
    musl = layer(program("usr/bin/python3.11", MUSL_ELF), link("usr/bin/python3", "python3.11"))
    bare = layer(directory("lib"), file("lib/ld-musl-x86_64.so.1"))

    assert look_into(LayeredFiles([musl]), PATH, {}, "linux/amd64").libc == "musl"
    assert look_into(LayeredFiles([bare]), PATH, {}, "linux/amd64").libc == "musl"
    assert look_into(LayeredFiles([layer(directory("lib"))]), PATH, {}, "linux/amd64").libc == "glibc"


def test_whiteouts_and_opaque_folders_hide_what_is_below_them():
    lower = layer(program("a/python3"), program("b/c/python3"), program("d/python3"))
    upper = layer(file("a/.wh.python3"), file(".wh.b"), file("d/.wh..wh..opq"), file("d/other"))
    files = LayeredFiles([lower, upper])

    assert [files.program(f"/{path}/python3") for path in ("a", "b/c", "d")] == [None] * 3
    assert files.is_folder("/a")
    assert not files.exists("/b")
    assert files.exists("/d/other")


def test_a_file_that_takes_the_place_of_a_folder_hides_all_that_was_in_it():
    files = LayeredFiles(
        [layer(program("usr/local/python3")), layer(directory("usr"), file("usr/local", b"x"))]
    )

    assert files.program("/usr/local/python3") is None
    assert not files.is_folder("/usr/local")


def test_an_interpreter_with_an_odd_name_costs_a_second_reading():
    layers = [layer(program("opt/runtime/interp"), link("bin/python3", "/opt/runtime/interp"))]
    files = LayeredFiles(layers)

    contents = look_into(files, {"PATH": "/bin", "PYTHON_VERSION": "3.10.4"}, {}, "linux/amd64")

    assert (contents.python, contents.interpreter, contents.libc) == ("3.10", "/opt/runtime/interp", "glibc")
    assert reads(layers) == [2]


def test_hard_links_are_followed_inside_their_layer():
    hard = ("bin/python3", tarfile.LNKTYPE, "opt/python3.8", 0o644)
    odd = ("bin/odd", tarfile.LNKTYPE, "opt/odd", 0o644)
    files = LayeredFiles([layer(program("opt/python3.8"), program("opt/odd"), hard, odd)])

    assert files.program("/bin/python3") == "/bin/python3"
    assert files.start_of("/bin/python3", 4) == ELF[:4]
    assert files.program("/bin/odd") == "/bin/odd"


@pytest.mark.parametrize(
    "entries",
    [
        [link("bin/python3", "python3")],
        [link("bin/python3", "../../../../nowhere/python3")],
        [link("a", "b"), link("b", "a"), link("bin/python3", "/a/x")],
        [directory("bin/python3")],
        [file("bin/python3")],
        [("bin/python3", tarfile.FIFOTYPE, b"", 0o755)],
        [("bin/python3", tarfile.LNKTYPE, "bin/python3", 0o755)],
        [("bin/python3", tarfile.LNKTYPE, "no/such", 0o755)],
    ],
)
def test_what_leads_nowhere_or_is_no_program_is_no_interpreter(entries):
    contents = look_into(LayeredFiles([layer(*entries)]), {"PATH": "/bin"}, {}, "linux/amd64")

    assert contents.interpreter is None
    assert contents.python is None


def test_links_cannot_leave_the_image():
    files = LayeredFiles([layer(program("etc/python3"), link("bin/python3", "../../../../etc/python3"))])

    assert files.program("/bin/python3") == "/etc/python3"


def test_a_conda_environment_is_listed_across_layers():
    prefix = "opt/conda/envs/odahu_model"
    site = f"{prefix}/lib/python3.7/site-packages"
    layers = [
        layer(
            program(f"{prefix}/bin/python3.7"),
            link(f"{prefix}/bin/python3", "python3.7"),
            directory(f"{site}/old-1.0.dist-info"),
            file(f"{site}/old.py"),
        ),
        layer(
            file(f"{site}/.wh.old-1.0.dist-info"),
            file(f"{site}/numpy-1.19.5.dist-info/METADATA"),
            file(f"{site}/scikit_learn-0.24.2-py3.7.egg-info"),
        ),
    ]
    env = {"PATH": "/opt/conda/bin", "ODAHU_CONDA_ENV_NAME": "odahu_model"}

    contents = look_into(LayeredFiles(layers), env, {}, "linux/amd64")

    assert contents.site_packages == SitePackages(
        f"/{site}", (("numpy", "1.19.5"), ("scikit-learn", "0.24.2"))
    )


def test_a_cache_that_tells_its_python_costs_only_the_layer_with_its_lock():
    lock = write_cache_lock([("numpy", "2.0.0"), ("scipy", "1.14.0")])
    layers = [
        layer(program("usr/bin/python3.11")),
        layer(
            directory("opt"), directory("opt/odahu-cache"), file("opt/odahu-cache/odahu-pack.lock.json", lock)
        ),
    ]
    told = BasePython("3.11", "/usr/bin/python3.11", "glibc")

    contents = look_into(LayeredFiles(layers), PATH, {"org.odahu.pack.cache": "1"}, "linux/amd64", told)

    assert contents.site_packages == SitePackages(
        "/opt/odahu-cache/lib/python3.11/site-packages", (("numpy", "2.0.0"), ("scipy", "1.14.0"))
    )
    assert reads(layers) == [0, 1]


def test_names_that_are_no_text_and_dots_in_paths_are_read():
    files = LayeredFiles(
        [layer(program("./a//b/./python3"), file("caf\udce9"), tar_format=tarfile.GNU_FORMAT)]
    )

    assert files.program("/a/b/python3") == "/a/b/python3"
    assert files.exists("/caf\udce9")


def test_a_path_that_leads_out_of_the_image_is_refused():
    with pytest.raises(RegistryError, match="leads out of it"):
        LayeredFiles([layer(file("a/../../etc/passwd"))]).exists("/a")
