"""A third party's engines: one that runs nothing, two that do, each there or not as the environment says."""

from odahu_pack_core import EngineRecord, hookimpl


def _record(name, rank, *, runs, watched=True, several=False):
    def missing(environ):
        environ["ASKED"].append(name)
        return "" if name in environ["THERE"] else f"{name} is not there"

    return EngineRecord(
        name,
        "An engine.",
        lambda environ: None,  # noqa: ARG005  # nobody builds here
        frozenset({"registry", "oci"} if several else {"registry"}),
        runs=runs,
        rank=rank,
        several_platforms=several,
        missing=missing if watched else None,
    )


@hookimpl
def odahu_pack_engines():
    yield _record("second", 60, runs=True)
    yield _record("first", 50, runs=True)
    yield _record("still", 10, runs=False, watched=False, several=True)
