"""The contract passes an image that is right, and fails one that is wrong in any one respect."""

import inspect
import json
from dataclasses import replace

import pytest

from odahu_pack_core.blob.descriptor import digest_of_bytes
from odahu_pack_core.plan.files import Folder, TextFile
from odahu_pack_core.testing import ImageContent, base_image, files_tar
from odahu_pack_core.testing.contract_image import ImageContract
from odahu_pack_core.testing.contract_plan import AWKWARD, CONTEXT, FILES

LONG = "/opt/model/large"


def _layer(*files):
    return b"".join(files_tar(files).chunks())


def _image(layers, config):
    config["rootfs"]["diff_ids"] = [digest_of_bytes(layer) for layer in layers]
    return ImageContent(("contract/model:1",), "", "", config, tuple(layers))


def _right():
    """Return the layers and the config of the image that the contract wants."""
    config, base = base_image("linux/amd64")
    made = json.loads(config)
    settings = made["config"]
    settings["Env"] = [
        "PATH=/usr/local/bin:/usr/bin",
        "KEPT=base",
        "CHANGED=image",
        f"AWKWARD={AWKWARD}",
        "EMPTY=",
    ]
    settings["Labels"] = {"kept": "base", "changed": "image", "org.odahu.pack.awkward": AWKWARD}
    settings["Entrypoint"] = ["/opt/contract/program", AWKWARD]
    del settings["Cmd"]
    settings |= {"User": "65532:0", "WorkingDir": "/work/here"}
    settings["ExposedPorts"] = {"5000/tcp": {}, "8001/tcp": {}}
    (copied,) = CONTEXT.values()
    more = _layer(TextFile("/opt/contract/copied.yml", copied), Folder("/work/here"))
    return [*base, _layer(*FILES["runtime"]), more, _layer(*FILES["model"])], made


def _failures(image):
    """Return the tests of the contract that fail for an image."""
    failed = []
    contract = ImageContract()
    for name, test in inspect.getmembers(contract, inspect.ismethod):
        if not name.startswith("test_"):
            continue
        marks = [mark.args[1] for mark in getattr(test, "pytestmark", []) if mark.name == "parametrize"]
        for arguments in [(path,) for paths in marks for path in paths] or [()]:
            try:
                test(image, *arguments)
            except (AssertionError, KeyError):
                failed.append(name)
    return failed


def test_the_right_image_passes():
    assert _failures(_image(*_right())) == []


@pytest.mark.parametrize(
    ("file", "test"),
    [
        (TextFile(LONG, b"other bytes"), "test_a_file_is_as_it_was_planned"),
        (TextFile("/opt/contract/program", b"#!/bin/sh\n", 0o644), "test_a_file_is_as_it_was_planned"),
        (TextFile("/opt/contract/link", b"plain"), "test_a_file_is_as_it_was_planned"),
        (Folder("/opt/contract/hollow", 0o700), "test_a_file_is_as_it_was_planned"),
        (Folder("/opt/model", 0o775), "test_folders_on_the_way"),
        (TextFile("/opt/contract/copied.yml", b"copied", 0o600), "test_a_copied_file"),
        (Folder("/work/here", 0o700), "test_the_working_directory"),
        (TextFile("/etc/base", b"changed"), "test_the_bases_other_files"),
        (TextFile("/.wh.usr", b""), "test_nothing_is_removed"),
    ],
)
def test_one_wrong_file_fails(file, test):
    layers, config = _right()
    assert any(name.startswith(test) for name in _failures(_image([*layers, _layer(file)], config)))


@pytest.mark.parametrize(
    ("setting", "value", "test"),
    [
        ("Env", ["PATH=/bin"], "test_variables"),
        ("Labels", {"kept": "base"}, "test_labels"),
        ("Entrypoint", ["/base"], "test_the_program"),
        ("Cmd", ["--of-the-base"], "test_the_program"),
        ("User", "0:0", "test_user"),
        ("WorkingDir", "/", "test_user"),
        ("ExposedPorts", {"5000/tcp": {}}, "test_user"),
    ],
)
def test_one_wrong_setting_fails(setting, value, test):
    layers, config = _right()
    config["config"][setting] = value
    assert [name.startswith(test) for name in _failures(_image(layers, config))] == [True]


def test_a_variable_that_is_there_twice_fails():
    layers, config = _right()
    config["config"]["Env"].insert(0, "CHANGED=base")
    assert len(_failures(_image(layers, config))) == 1


def test_layers_that_are_not_what_the_config_says_fail():
    image = _image(*_right())
    assert "test_every_layer_is_what_the_config_says" in _failures(replace(image, layers=image.layers[::-1]))


def test_a_squashed_base_fails():
    layers, config = _right()
    squashed = _layer(TextFile("/etc/base", b"the base's"))
    assert "test_the_bases_layers_come_first_and_unchanged" in _failures(_image([squashed, *layers], config))
