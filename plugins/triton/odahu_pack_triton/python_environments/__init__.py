"""Environments of Python models as they are found: folders or archives, and the Python within."""

from .contents import Contents, contents_of_archive, contents_of_folder
from .listing import ArchiveError

__all__ = ["ArchiveError", "Contents", "contents_of_archive", "contents_of_folder"]
