"""What the ONNX Runtime of each release loads: the highest operator sets and version of the format.

Sources
-------
ONNX Runtime of 24.04 … 26.08: https://github.com/triton-inference-server/server,
    ``docs/introduction/compatibility.md``. Of older releases: ``build.py`` there, which names 1.5.3 for
    20.12, 1.8.0 while 21.07 was made, 1.10.0 while 22.04 was, and 1.16.3 while 23.12 was. A release between
    two of these has the newer one at most, and that is what it is taken to have.
Operator sets and versions: tried with models of one node on ONNX Runtime 1.5.2, 1.6.0, 1.8.0, 1.10.0, 1.16.3,
    1.17.3, 1.18.1, 1.19.2, 1.20.1, 1.21.0, 1.22.0, 1.23.2, 1.24.4, 1.27.0 and 1.28.0; each refuses what is
    newer.
Scalars: https://github.com/triton-inference-server/onnxruntime_backend, pull request 213 of September 2023.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

FIRST_WITH_ONNX_SCALARS: Final = "23.10"
"""The first release that surely serves inputs and outputs without dimensions."""
LAST_WITHOUT_ONNX_SCALARS: Final = "23.08"
"""The last release that surely does not."""


@dataclass(frozen=True)
class OnnxLimits:
    """The newest that an ONNX Runtime loads.

    Args:
        runtime: The version of ONNX Runtime, or the one that it is older than.
        opset: The highest operator set of ONNX.
        ml_opset: The highest operator set ``ai.onnx.ml``.
        ir_version: The highest version of the format.
    """

    runtime: str
    opset: int
    ml_opset: int
    ir_version: int

    def allows(self, opset: int, ml_opset: int, ir_version: int) -> bool:
        """Tell whether it loads a model that says to need these."""
        return opset <= self.opset and ml_opset <= self.ml_opset and ir_version <= self.ir_version


_LIMITS: Final = (
    # The last release that each holds for; ``YY.MM`` sorts as text.
    ("20.12", OnnxLimits("1.5.3", 12, 2, 7)),
    ("21.06", OnnxLimits("1.8.0", 14, 2, 7)),
    ("22.03", OnnxLimits("1.10.0", 15, 2, 8)),
    ("23.11", OnnxLimits("1.16.3", 19, 3, 9)),
    ("24.04", OnnxLimits("1.17.3", 20, 4, 9)),
    ("24.08", OnnxLimits("1.18.1", 21, 5, 10)),
    ("24.11", OnnxLimits("1.19.2", 21, 5, 10)),
    ("25.02", OnnxLimits("1.20.1", 21, 5, 10)),
    ("25.04", OnnxLimits("1.21.0", 22, 5, 10)),
    ("25.07", OnnxLimits("1.22.0", 22, 5, 10)),
    ("26.01", OnnxLimits("1.23.2", 23, 5, 11)),
    ("26.06", OnnxLimits("1.24.4", 25, 5, 13)),
    ("26.07", OnnxLimits("1.27.0", 26, 5, 13)),
    ("26.08", OnnxLimits("1.28.0", 26, 5, 13)),
)


def onnx_limits(release: str) -> OnnxLimits | None:
    """Return what a release loads at most; None where that is not known.

    Args:
        release: The container's version, such as ``24.10``.
    """
    return next((limits for last, limits in _LIMITS if release <= last), None)


def release_that_loads(opset: int, ml_opset: int, ir_version: int, after: str) -> str:
    """Return a newer release that surely loads a model; empty where none is known.

    Args:
        opset: The model's operator set of ONNX.
        ml_opset: Its operator set ``ai.onnx.ml``.
        ir_version: Its version of the format.
        after: The release that does not load it.
    """
    return next(
        (last for last, limits in _LIMITS if last > after and limits.allows(opset, ml_opset, ir_version)), ""
    )
