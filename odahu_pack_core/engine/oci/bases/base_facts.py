"""The facts of a base image: told, kept from before, or read from its layers once."""

from __future__ import annotations

from odahu_pack_core.engine.base_words import missing_environment
from odahu_pack_core.engine.contents import ImageContents, look_into
from odahu_pack_core.engine.told_python import told_contents, told_python
from odahu_pack_core.events import EventSink, Notice
from odahu_pack_core.plan.base import BaseFacts, BaseImage

from .found_image import FoundImage
from .kept import Kept


def facts_of(
    base: BaseImage, image: FoundImage, *, platform: str, origin: str, kept: Kept, emit: EventSink
) -> BaseFacts:
    """Return what is in a base image; none of its layers is read unless nobody knows.

    Args:
        base: The image as asked for.
        image: The image as found.
        platform: ``os/arch`` wanted.
        origin: Where it was found, in words.
        kept: What was found in images before.
        emit: Receives notices.

    Raises:
        RegistryError: A layer cannot be read.
    """
    contents = _contents(base, image, platform, kept, emit)
    if contents.missing_environment:
        emit(missing_environment(base.reference, contents.missing_environment))
    return BaseFacts(
        reference=image.reference,
        image_id=image.image_id,
        platform=platform,
        python=contents.python,
        interpreter=contents.interpreter,
        libc=contents.libc,
        env=image.config.env,
        labels=image.config.labels,
        site_packages=contents.site_packages,
        origin=origin,
    )


def _contents(
    base: BaseImage, image: FoundImage, platform: str, kept: Kept, emit: EventSink
) -> ImageContents:
    config = image.config
    told = told_python(base, config.labels, config.diff_ids)
    if (contents := told_contents(told, config.env, config.labels)) is not None:
        return contents
    key = f"{platform} {image.key}"
    if (contents := kept.contents(key)) is None:
        sought = "Python" if told is None else "packages"
        emit(Notice(f"looking for the {sought} of {base.location or base.reference}, which is done once"))
        with image.files() as files:
            contents = look_into(files, config.env, config.labels, platform, told)
        kept.keep_contents(key, contents)
    return contents
