"""A build context as a folder that plain ``docker build`` turns into the same image, offline."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from odahu_pack_core.errors import EngineError
from odahu_pack_core.events import EventSink, Progress
from odahu_pack_core.plan.files import FILE_MODE, FOLDER_MODE
from odahu_pack_core.plugins.protocols import BuildRequest
from odahu_pack_core.result import PublishedImage

from .base_words import located_base_refused
from .build_context import BuildContext, ContextFile
from .destination import whole_folder, writing
from .single import SingleBuild


def write_context(request: BuildRequest, emit: EventSink) -> PublishedImage:
    """Write the build context of a request to the folder ``request.output.dest``; no engine is needed.

    Args:
        request: What would be built.
        emit: Receives a `Progress` for each file.

    Returns:
        The image as it will be called, without a digest; its location is the folder.

    Raises:
        EngineError: The folder is not empty or cannot be written, and nothing is left there; or the base
            image is one that no Dockerfile can name.
        ArtifactError: A file of the model artifact is gone or changed.
    """
    if request.output.dest is None:
        raise EngineError("--output type=context needs dest=FOLDER", code="no-dest")
    if (location := request.plan.plan.base.location) is not None:
        raise located_base_refused("docker build", location)
    dest = request.output.dest.absolute()
    build = SingleBuild.of(request)
    build.make_layers(emit)
    context = BuildContext.of(build)
    with whole_folder(dest) as folder:
        write_files(context, folder, dest, emit)
    return PublishedImage(request.plan.plan.image, "", str(dest))


def write_files(context: BuildContext, folder: Path, dest: Path, emit: EventSink) -> dict[str, str]:
    """Write all files of a build context.

    Args:
        context: The files.
        folder: An empty folder.
        dest: What the user knows it as.
        emit: Receives a `Progress` for each file.

    Returns:
        The sha256 of each file by its path.

    Raises:
        EngineError: The folder cannot be written, or a file changed while it was read.
        ArtifactError: A file of the model artifact is gone or changed.
    """
    digests = {}
    for number, file in enumerate(context.files, 1):
        digests[file.path] = _write(folder, file, dest)
        emit(Progress("build", file.path, number, len(context.files), "files"))
    return digests


def _write(folder: Path, file: ContextFile, dest: Path) -> str:
    path, digest = folder / file.path, hashlib.sha256()
    with writing(dest):
        for parent in reversed(path.relative_to(folder).parents):
            # Folders and files have the same modes whatever the umask, as COPY carries them into the image.
            (folder / parent).mkdir(exist_ok=True)
            (folder / parent).chmod(FOLDER_MODE)
        with path.open("xb") as stream:
            for chunk in file.chunks():
                digest.update(chunk)
                stream.write(chunk)
        path.chmod(FILE_MODE)
        os.utime(path, (0, 0))  # as in the tar stream: COPY carries the time into the image
    return digest.hexdigest()
