"""PackagingResult: what a packaging gives back, as ``status.results`` names it."""

from __future__ import annotations

from odahu_pack_core.values import dataclass

from .errors import PluginError
from .plan.reference import ImageReference
from .spec.packaging import PackagingStatus, Result


@dataclass(frozen=True)
class PublishedImage:
    """An image that is where it was sent.

    Args:
        reference: Its name; for outputs that are files, the name written inside them.
        digest: The manifest's digest in a registry, or the image id elsewhere; empty where there is none.
        location: Where it is, in words or as a path.
    """

    reference: ImageReference
    digest: str
    location: str = ""


@dataclass(frozen=True)
class PackagingResult:
    """The outcome of a packaging.

    Args:
        image: The image that was built.
        extra: A packager's own results as name and value; they follow ``image`` and ``digest``.
    """

    image: PublishedImage
    extra: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        if not all(map(_is_pair_of_texts, self.extra)):
            raise PluginError("results must be pairs of a name and a text", code="bad-result")
        names = [name for name, _ in self.results]
        if len(names) != len(set(names)):
            raise PluginError(f"result names must be unique, but are {names}", code="bad-result")

    @property
    def results(self) -> tuple[tuple[str, str], ...]:
        """All results in order: ``image``, ``digest`` where there is one, then the packager's own."""
        digest = (("digest", self.image.digest),) if self.image.digest else ()
        return (("image", str(self.image.reference)), *digest, *self.extra)

    def status(self) -> PackagingStatus:
        """Return the status of the packaging as ODAHU stores it."""
        results = tuple(Result(name=name, value=value) for name, value in self.results)
        return PackagingStatus(state="succeeded", results=results)


def _is_pair_of_texts(result: object) -> bool:
    return isinstance(result, tuple) and [type(part) for part in result] == [str, str] and bool(result[0])
