"""The greeter's reader and engine without its packager, for packagers that go wrong."""

from tests.core.pipeline.greeter import odahu_pack_artifact_readers, odahu_pack_engines

__all__ = ["odahu_pack_artifact_readers", "odahu_pack_engines"]
