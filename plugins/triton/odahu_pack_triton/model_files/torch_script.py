"""PyTorch files: whether they hold code that can be run, and what it takes.

Source: https://github.com/pytorch/pytorch/blob/main/torch/csrc/jit/docs/serialization.md
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import BinaryIO, Final, Literal

from .archive import MAGIC, Archive
from .faults import ModelFileError

TorchKind = Literal["TorchScript", "torch.save", "torch.export", "AOTInductor"]
"""What made a file: only TorchScript holds a model that Triton's backend can load as ``model.pt``."""

_LEGACY: Final = b"\x80\x02\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19."
"""What ``torch.save`` wrote at first: a pickled magic number."""
_TAR: Final = (257, b"ustar")
_HEAD: Final = 512
_MOST_CODE: Final = 4 * 1024 * 1024
_MOST_PICKLE: Final = 4096
_CLASS: Final = re.compile(rb"\x80\x02c(__torch__[\w.]*)\n(\w+)\n")
_ARGUMENT: Final = re.compile(r"\s*(\w+)\s*:\s*([^=]+?)\s*(=.*)?$", re.DOTALL)
_OPENING: Final = "([{"
_CLOSING: Final = ")]}"


@dataclass(frozen=True)
class TorchArgument:
    """An argument of ``forward``.

    Args:
        name: Its name.
        type: Its type in TorchScript, such as ``Tensor`` or ``List[Tensor]``.
        has_default: Whether it may be left out.
    """

    name: str
    type: str
    has_default: bool = False


@dataclass(frozen=True)
class TorchFile:
    """What a PyTorch file is.

    Args:
        kind: What made it.
        arguments: What ``forward`` takes; None where that cannot be told.
    """

    kind: TorchKind
    arguments: tuple[TorchArgument, ...] | None = None


def read_torch(stream: BinaryIO, file: str) -> TorchFile:
    """Tell what a PyTorch file is.

    Nothing of it is unpickled or run.

    Args:
        stream: The file, in which one can jump.
        file: What errors call it.

    Raises:
        ModelFileError: It is no PyTorch file.
    """
    stream.seek(0)
    head = stream.read(_HEAD)
    if head.startswith(_LEGACY) or head[_TAR[0] :].startswith(_TAR[1]):
        return TorchFile("torch.save")
    if not head.startswith(MAGIC):
        raise ModelFileError("no PyTorch file", file)
    archive = Archive(stream, file)
    kind = _kind(archive, file)
    if kind != "TorchScript":
        return TorchFile(kind)
    return TorchFile(kind, _arguments(archive))


def _kind(archive: Archive, file: str) -> TorchKind:
    """Tell by its members' names what made an archive; all lie in one folder."""
    below = {name.partition("/")[2] for name in archive.names}
    if any(name.startswith("data/aotinductor/") for name in below):
        return "AOTInductor"
    exported = "serialized_exported_program.json" in archive.names
    if exported or any(name.startswith("models/") and name.endswith(".json") for name in below):
        return "torch.export"
    if any(name.startswith("code/") for name in below) and below & {"constants.pkl", "data.pkl"}:
        return "TorchScript"
    if "data.pkl" in below:
        return "torch.save"
    raise ModelFileError("a zip archive that PyTorch has not made", file)


def _arguments(archive: Archive) -> tuple[TorchArgument, ...] | None:
    """Return what ``forward`` of the model's own class takes, as far as it is written plainly."""
    pickles = [name for name in archive.names if name.endswith("/data.pkl") and name.count("/") == 1]
    if len(pickles) != 1:
        return None
    found = _CLASS.match(archive.read(pickles[0], _MOST_PICKLE))
    if not found:
        return None
    module, class_name = found[1].decode(), found[2].decode()
    source = f"{pickles[0].removesuffix('data.pkl')}code/{module.replace('.', '/')}.py"
    if source not in archive.names:
        return None
    return _forward(archive.read(source, _MOST_CODE).decode("utf-8", "replace"), class_name)


def _forward(code: str, class_name: str) -> tuple[TorchArgument, ...] | None:
    start = code.find(f"class {class_name}(Module):\n")
    method = code.find("\n  def forward(", start) if start >= 0 else -1
    next_class = code.find("\nclass ", start + 1) if start >= 0 else -1
    if method < 0 or 0 <= next_class < method:
        return None
    arguments: list[TorchArgument] = []
    for text in _split(code, code.index("(", method) + 1)[1:]:  # without self
        matched = _ARGUMENT.match(text)
        if matched is None:
            return None
        arguments.append(TorchArgument(matched[1], matched[2], bool(matched[3])))
    return tuple(arguments)


def _split(code: str, start: int) -> list[str]:
    """Return the arguments of a signature, split at the commas that stand in no brackets."""
    parts: list[str] = []
    begin, depth = start, 0
    for at in range(start, len(code)):
        if code[at] in _OPENING:
            depth += 1
        elif code[at] in _CLOSING:
            depth -= 1
            if depth < 0:
                return [*parts, code[begin:at]]
        elif code[at] == "," and not depth:
            parts.append(code[begin:at])
            begin = at + 1
    return []
