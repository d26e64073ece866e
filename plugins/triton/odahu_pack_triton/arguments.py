"""Arguments of docker-triton."""

from __future__ import annotations

import re
from typing import Annotated, Final

from pydantic import Field
from pydantic.functional_validators import AfterValidator

from odahu_pack_core import DEFAULT_IMAGE_NAME, StrictModel, did_you_mean

from .releases import RELEASES, Release

DEFAULT_TAG: Final = "20.11-py3"
_SERVER_SUFFIX: Final = "-py3"
_TAG: Final = re.compile(r"\d\d\.\d\d")


def release_of_tag(tag: str) -> Release:
    """Return the release that a tag such as ``24.10-py3`` names.

    Raises:
        ValueError: It is none of the table; the message lists those that are.
    """
    version = tag.removesuffix(_SERVER_SUFFIX)
    if version in RELEASES and version != tag:
        return RELEASES[version]
    if _TAG.match(tag) and tag[5:] != _SERVER_SUFFIX:
        raise ValueError(f"only the full server image is known; write {tag[:5]}{_SERVER_SUFFIX}")
    known = f"{', '.join(RELEASES)}, each followed by {_SERVER_SUFFIX}"
    near = did_you_mean(tag, [f"{known_version}{_SERVER_SUFFIX}" for known_version in RELEASES])
    suggestion = f"{near} " if near.startswith("did you mean") else ""
    raise ValueError(f"no known Triton release; {suggestion}known: {known}")


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
