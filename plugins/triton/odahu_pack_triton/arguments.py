"""Arguments of docker-triton."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Annotated, Final

from pydantic import Field
from pydantic.functional_validators import AfterValidator

from odahu_pack_core import DEFAULT_IMAGE_NAME, StrictModel, did_you_mean

from .backends import IMAGES
from .releases import RELEASES, Release

DEFAULT_TAG: Final = "20.11-py3"
_SERVER_SUFFIX: Final = "-py3"
_VERSION: Final = re.compile(r"\d\d\.\d\d")
_TAG: Final = re.compile(
    rf"(?P<version>\d\d\.\d\d)(?:-(?P<image>{'|'.join(IMAGES)}))?{_SERVER_SUFFIX}", re.ASCII
)


def release_of_tag(tag: str) -> Release:
    """Return the release that a tag such as ``24.10-py3`` or ``24.10-vllm-python-py3`` names.

    Raises:
        ValueError: It is none of the table; the message lists those that are.
    """
    found = _TAG.fullmatch(tag)
    if found and found["version"] in RELEASES and (release := _of_image(found["version"], found["image"])):
        return release
    if _VERSION.match(tag) and tag[5:] != _SERVER_SUFFIX:
        known = " or ".join(f"{tag[:5]}-{image}{_SERVER_SUFFIX}" for image in IMAGES)
        raise ValueError(
            f"only the full server images are known; write {tag[:5]}{_SERVER_SUFFIX}, or since 23.10 {known}"
        )
    known = f"{', '.join(RELEASES)}, each followed by {_SERVER_SUFFIX}"
    near = did_you_mean(tag, [f"{known_version}{_SERVER_SUFFIX}" for known_version in RELEASES])
    suggestion = f"{near} " if near.startswith("did you mean") else ""
    raise ValueError(f"no known Triton release; {suggestion}known: {known}")


def _of_image(version: str, image: str | None) -> Release | None:
    """Return a release as one of its images is; None where it has no such image."""
    release = RELEASES[version]
    if not image:
        return release
    own = IMAGES[image]
    return (
        replace(release, image=image, backends=frozenset({"python", own.name}))
        if version >= own.first
        else None
    )


def _known_tag(tag: str) -> str:
    release_of_tag(tag)
    return tag


class TritonArguments(StrictModel):
    """Arguments of docker-triton as ``spec.arguments`` holds them."""

    image_name: Annotated[str, Field(min_length=1)] = Field(
        default=DEFAULT_IMAGE_NAME,
        description="Name of the image, or a template of it with Name, Version and RandomUUID.",
        examples=["myservice:123", "{{ Name }}:{{ Version }}"],
    )
    triton_base_image_tag: Annotated[str, AfterValidator(_known_tag)] = Field(
        default=DEFAULT_TAG,
        alias="triton_base_image_tag",
        description="Tag of the base image nvcr.io/nvidia/tritonserver; it decides the Triton release.",
        examples=["20.11-py3", "24.10-py3"],
    )
    max_batch_size: int = Field(
        default=1024,
        ge=0,
        le=65536,
        description="Of a GPPI model: rows in a request, and in what Triton puts together of several; "
        "0 takes any number and keeps requests apart.",
    )

    @property
    def release(self) -> Release:
        """The Triton release of the base image."""
        return release_of_tag(self.triton_base_image_tag)

    @property
    def written_batch_size(self) -> int | None:
        """The argument ``maxBatchSize``; None where it is left out."""
        return self.max_batch_size if "max_batch_size" in self.model_fields_set else None
