"""A conda environment as a folder of this machine."""

import os
from pathlib import Path


def test_packages_are_linked_to_where_they_are(environments, recorder, tmp_path, layer, bare):
    asked = layer("speaker")
    resolved = environments.resolve(asked, bare, tmp_path, recorder.emit)
    folder = environments.folder(asked, resolved, bare, tmp_path, recorder.emit)
    assert (folder / "etc" / "tool.conf").read_text() == f"share = {folder}/share\n"
    assert (folder / "bin" / "speak").read_text().startswith(f"#!{folder}/bin/python\n")
    assert (folder / "bin" / "python3").readlink() == Path("python3.11")
    assert os.access(folder / "bin" / "tool", os.X_OK)
    assert f"{folder}/share".encode() in (folder / "lib" / "libtool.so").read_bytes()
    assert (folder / "lib" / "python3.11" / "site-packages" / "speaker" / "__init__.py").is_file()
    assert not (folder / "opt").exists()
