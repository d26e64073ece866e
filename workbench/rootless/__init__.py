"""A base image of Debian packages, made without root, without an engine and without installing anything."""

from workbench.rootless.base import DebianBase, debian_base

__all__ = ["DebianBase", "debian_base"]
