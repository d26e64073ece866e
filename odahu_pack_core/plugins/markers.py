"""The marks of hooks and of their implementations, apart from the hooks, which are slow to import."""

from __future__ import annotations

import pluggy

from odahu_pack_core.names import PROJECT

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function of a plugin module as the implementation of the hook with its name."""
