"""ImageContract: which files and settings an image has; the same whichever engine made it."""

from __future__ import annotations

from typing import Final

import pytest

from odahu_pack_core.blob.descriptor import digest_of_bytes
from odahu_pack_core.plan.files import Folder, Link, PlannedFile, TextFile

from .build_requests import base_image
from .contract_ground import ContractGround
from .contract_plan import AWKWARD, FILES
from .image import ImageContent
from .tree import WHITEOUT, TreeEntry

_PLANNED: Final[dict[str, PlannedFile]] = {
    file.path: file for layer in ("runtime", "model") for file in FILES[layer]
}
"""What must be there; of two layers with one path the upper one wins."""


class ImageContract(ContractGround):
    """The image that a plan makes."""

    @pytest.mark.parametrize("path", sorted(_PLANNED))
    def test_a_file_is_as_it_was_planned(self, image: ImageContent, path: str) -> None:
        assert image.tree[path] == _expected(_PLANNED[path])

    def test_folders_on_the_way_to_files_are_the_roots_and_open_to_read(self, image: ImageContent) -> None:
        for path in ("/opt/contract", "/opt/model", "/opt/model/with space"):
            assert image.tree[path] == TreeEntry("folder", 0o755)

    def test_a_copied_file_is_the_roots_and_open_to_read(self, image: ImageContent) -> None:
        assert image.tree["/opt/contract/copied.yml"] == TreeEntry("file", 0o644, content=b"copied")

    def test_the_working_directory_is_there(self, image: ImageContent) -> None:
        found = image.tree["/work/here"]
        assert (found.kind, found.mode, found.uid, found.gid) == ("folder", 0o755, 0, 0)

    def test_the_bases_other_files_stay_as_they_were(self, image: ImageContent) -> None:
        assert image.tree["/etc/base"] == TreeEntry("file", 0o644, content=b"the base's")
        assert image.tree["/tmp"].mode == 0o1777  # noqa: S108  # the image's

    def test_the_bases_layers_come_first_and_unchanged(self, image: ImageContent) -> None:
        _, layers = base_image(self.platform)
        assert image.diff_ids[: len(layers)] == [digest_of_bytes(layer) for layer in layers]
        assert len(image.diff_ids) > len(layers)

    def test_every_layer_is_what_the_config_says(self, image: ImageContent) -> None:
        assert [digest_of_bytes(layer) for layer in image.layers] == image.diff_ids

    def test_nothing_is_removed(self, image: ImageContent) -> None:
        assert not [path for path in image.tree.entries if WHITEOUT in path.rpartition("/")[2]]
        assert {"/usr/bin", "/etc/base", "/etc/replaced"} <= set(image.tree.entries)

    def test_variables_are_the_bases_changed_and_added_to(self, image: ImageContent) -> None:
        assert image.env == {
            "PATH": "/usr/local/bin:/usr/bin",
            "KEPT": "base",
            "CHANGED": "image",
            "AWKWARD": AWKWARD,
            "EMPTY": "",
        }
        assert len(image.settings["Env"]) == len(image.env), "each variable is there once"

    def test_labels_are_the_bases_changed_and_added_to(self, image: ImageContent) -> None:
        labels = {"kept": "base", "changed": "image", "org.odahu.pack.awkward": AWKWARD}
        assert image.settings["Labels"] == labels

    def test_the_program_is_the_images_and_forgets_the_bases_arguments(self, image: ImageContent) -> None:
        assert image.settings["Entrypoint"] == ["/opt/contract/program", AWKWARD]
        assert not image.settings.get("Cmd")

    def test_user_working_directory_and_ports(self, image: ImageContent) -> None:
        assert image.settings["User"] == "65532:0"
        assert image.settings["WorkingDir"] == "/work/here"
        assert image.settings["ExposedPorts"] == {"5000/tcp": {}, "8001/tcp": {}}

    def test_the_platform_is_the_one_asked_for(self, image: ImageContent) -> None:
        assert f"{image.config['os']}/{image.config['architecture']}" == self.platform

    def test_the_name_is_written_inside(self, image: ImageContent) -> None:
        assert any(name.endswith("contract/model:1") for name in image.names), image.names


def _expected(file: PlannedFile) -> TreeEntry:
    match file:
        case Folder(mode=mode):
            return TreeEntry("folder", mode)
        case Link(target=target):
            return TreeEntry("link", 0o777, target=target)
        case TextFile(content=content, mode=mode):
            return TreeEntry("file", mode, content=content)
    raise TypeError(file)
