"""What can go wrong when a real part is to be started."""

__all__ = ["PartMissingError", "WorkbenchError"]


class WorkbenchError(Exception):
    """A part is there, but it does not do what it should."""


class PartMissingError(WorkbenchError):
    """A part cannot be had on this machine; the message says why and what would bring it."""
