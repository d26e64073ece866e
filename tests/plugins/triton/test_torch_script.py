"""PyTorch files told apart, on files that PyTorch 1.12.1 has written and on forged ones."""

import io
import zipfile
from pathlib import Path

import pytest

from odahu_pack_triton.model_files import ModelFileError, TorchArgument, read_torch

FILES = Path(__file__).parent / "torch_files"
"""``script.pt`` by torch.jit.script, ``trace.pt`` by torch.jit.trace, the others by torch.save."""


def _archive(**members):
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return content


def _read(content, file="1/model.pt"):
    return read_torch(content, file)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("script", "TorchScript"),
        ("trace", "TorchScript"),
        ("state", "torch.save"),
        ("module", "torch.save"),
        ("legacy", "torch.save"),
    ],
)
def test_what_made_a_file_is_told(name, kind):
    with (FILES / f"{name}.pt").open("rb") as stream:
        assert _read(stream).kind == kind


@pytest.mark.parametrize(("name", "names"), [("script", ["x", "scale"]), ("trace", ["a", "b"])])
def test_arguments_of_forward_are_told(name, names):
    with (FILES / f"{name}.pt").open("rb") as stream:
        arguments = _read(stream).arguments
    assert arguments == tuple(TorchArgument(argument, "Tensor") for argument in names)


PICKLE = b"\x80\x02c__torch__.net\nNet\nq\x00."


def _scripted(code, pickle=PICKLE):
    members = {"m/code/__torch__/net.py": code, "m/data.pkl": pickle, "m/constants.pkl": "", "m/version": "3"}
    return _archive(**members)


def test_arguments_of_any_type_are_told():
    code = """\
class Inner(Module):
  def forward(self: __torch__.net.Inner,
    no: Tensor) -> Tensor:
    return no
class Net(Module):
  training : bool
  def forward(self: __torch__.net.Net,
    x: Dict[str, Tensor],
    y: Tuple[int, List[Tensor]],
    z: Optional[Tensor]=None) -> Tensor:
    return x
"""
    assert _read(_scripted(code)).arguments == (
        TorchArgument("x", "Dict[str, Tensor]"),
        TorchArgument("y", "Tuple[int, List[Tensor]]"),
        TorchArgument("z", "Optional[Tensor]", has_default=True),
    )


@pytest.mark.parametrize(
    ("code", "pickle"),
    [
        ("class Other(Module):\n  def forward(self: Other) -> Tensor:\n", PICKLE),
        ("class Net(Module):\n  training : bool\n", PICKLE),
        ("class Net(Module):\n  def forward(self: Net, x: Tensor", PICKLE),
        ("class Net(Module):\n  def forward(self: Net, 1 2) -> Tensor:\n", PICKLE),
        ("", b"\x80\x02}."),
        ("", b"\x80\x02c__torch__.elsewhere\nNet\n."),
    ],
)
def test_arguments_that_are_not_written_plainly_are_not_guessed(code, pickle):
    file = _read(_scripted(code, pickle))
    assert (file.kind, file.arguments or None) == ("TorchScript", None)


@pytest.mark.parametrize(
    ("members", "kind"),
    [
        ({"serialized_exported_program.json": "{}", "version": "1"}, "torch.export"),
        ({"m/archive_format": "pt2", "m/models/model.json": "{}"}, "torch.export"),
        ({"m/data/aotinductor/model/wrapper.so": "", "m/archive_format": "pt2"}, "AOTInductor"),
    ],
)
def test_newer_archives_are_told_apart(members, kind):
    assert _read(_archive(**members)).kind == kind


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "no PyTorch file"),
        (b"\x80\x04}.", "no PyTorch file"),
        (b"PK\x03\x04" + bytes(100), "a zip archive that is cut off"),
        (_archive(**{"readme.txt": "x"}).getvalue(), "a zip archive that PyTorch has not made"),
        ((FILES / "script.pt").read_bytes()[:-30], "a zip archive that is cut off"),
    ],
)
def test_what_is_no_torch_file_is_refused(content, reason):
    with pytest.raises(ModelFileError) as caught:
        _read(io.BytesIO(content))
    assert caught.value.message == f"1/model.pt: {reason}"


def test_a_list_of_members_that_fills_the_memory_is_refused():
    end = (
        b"PK\x05\x06" + bytes(4) + (9).to_bytes(2, "little") * 2 + (1 << 30).to_bytes(4, "little") + bytes(6)
    )
    with pytest.raises(ModelFileError, match="whose list of members has 1073741824 bytes"):
        _read(io.BytesIO(b"PK\x03\x04" + bytes(600) + end))


def test_a_source_that_is_damaged_is_told():
    content = bytearray(_scripted("class Net(Module):\n").getvalue())
    content[content.index(b"class Net") + 3] ^= 1
    with pytest.raises(ModelFileError, match=r"damaged zip archive: m/code/__torch__/net.py cannot be read"):
        _read(io.BytesIO(content))
