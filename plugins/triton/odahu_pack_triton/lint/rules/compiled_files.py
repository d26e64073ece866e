"""TR51x: compiled files that a Python model brings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule

from .environment_place import place_of
from .facts import backend_of

_STUB: Final = "triton_python_backend_stub"
_ELF: Final = b"\x7fELF"
_EXTENSION: Final = re.compile(r"(?P<module>.*)\.cpython-(?P<tag>3[0-9]+)[a-z]*-[^/]*\.so")
_MOST_FAULTS: Final = 10


@rule("TR511", "extension-of-other-python", Severity.WARNING)
def extension_of_other_python(subject: Subject) -> Iterator[Fault]:
    """A compiled module beside the model is for another Python than Triton runs models with.

    Its name says for which, such as `cpython-38`; importing it fails
    ([PEP 3149](https://peps.python.org/pep-3149/)). Build it for the Python of the release.
    """
    if backend_of(subject) != "python" or subject.folder.has(_STUB):
        return
    modules: dict[str, dict[str, str]] = {}
    place = place_of(subject)
    for path in subject.folder.entries:
        inside = place is not None and path.startswith(f"{place.path}/")
        if not inside and (found := _EXTENSION.fullmatch(path)):
            modules.setdefault(found["module"], {})[found["tag"]] = path
    right = subject.release.python.replace(".", "")
    wrong = [tags for tags in modules.values() if right not in tags]
    for tags in wrong[:_MOST_FAULTS]:
        tag, path = min(tags.items())
        release = subject.release
        reason = f"it is for Python 3.{tag[1:]}, but Triton {release.version} runs {release.python}"
        yield Fault(reason, (), "build it for that Python", path)


@rule("TR512", "stub-no-program", Severity.ERROR)
def stub_no_program(subject: Subject) -> Iterator[Fault]:
    """The model brings a `triton_python_backend_stub` that is no program.

    Triton starts this file in place of its own, and waits for ever for a model that cannot start
    ([python_backend](https://github.com/triton-inference-server/python_backend#building-custom-python-backend-stub)).
    """
    if backend_of(subject) != "python" or not subject.folder.has(_STUB):
        return
    if subject.folder.is_folder(_STUB):
        yield Fault("it must be a file", file=_STUB)
        return
    try:
        with subject.folder.open(_STUB) as stream:
            begin = stream.read(len(_ELF))
    except OSError:
        return
    if begin != _ELF:
        yield Fault(
            "it is no program for Linux", hint="build it for the release's python_backend", file=_STUB
        )
