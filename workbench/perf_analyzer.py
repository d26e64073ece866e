"""NVIDIA's own load generator for Triton, ``perf_analyzer``, from the wheels that hold it."""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.command import run
from workbench.state import StateFolder, locked
from workbench.wheels import unpacked_wheels

__all__ = ["PerfAnalyzer"]

# The last release whose wheel has the program, and the one library of CUDA that it loads, also without a GPU.
_WHEELS = ("tritonclient==2.50.0", "nvidia-cuda-runtime-cu12==12.6.77")
_PROGRAM = "bin/perf_analyzer"
_LIBRARIES = "nvidia/cuda_runtime/lib"


@dataclass(frozen=True)
class PerfAnalyzer:
    """The program, ready to run.

    Args:
        program: Its path.
        libraries: The folder of the library that the system lacks.
        environ: The environment variables of its runs.
    """

    program: Path
    libraries: Path
    environ: Mapping[str, str]

    @classmethod
    def fetched(cls, environ: Mapping[str, str] = os.environ) -> "PerfAnalyzer":
        """Return it, fetched first if need be.

        Raises:
            PartMissingError: It cannot be had on this machine.
            WorkbenchError: It cannot be fetched.
        """
        state = StateFolder.of(environ)
        with locked(state.file("perf_analyzer.lock")):
            folder = unpacked_wheels(_WHEELS, state.folder("wheels"), environ)
        program = folder / _PROGRAM
        program.chmod(0o755)
        return cls(program, folder / _LIBRARIES, environ)

    def answers_per_second(
        self, model: str, address: str, protocol: str, clients: int, examples: Path
    ) -> float:
        """Let clients ask a model at once, each as soon as it is answered, and compare every answer.

        Args:
            model: The model's name.
            address: Host and port of the server.
            protocol: ``http`` or ``grpc``.
            clients: How many ask at the same time.
            examples: A JSON file with ``data`` and, for comparison, ``validation_data``.

        Returns:
            Answers per second.

        Raises:
            WorkbenchError: A request failed, or an answer was not the expected one.
        """
        report = examples.with_suffix(f".{protocol}.{clients}.csv")
        argv: list[str | Path] = [self.program, "-m", model, "-u", address, "-i", protocol]
        argv += ["--concurrency-range", str(clients), "--input-data", examples, "-f", report]
        argv += ["--measurement-mode", "count_windows", "--measurement-request-count", "500"]
        # Windows that differ are no failure here: what counts is that every answer is right.
        argv += ["--stability-percentage", "999"]
        run(argv, environ={**self.environ, "LD_LIBRARY_PATH": str(self.libraries)}, timeout=300)
        heads, figures = (line.split(",") for line in report.read_text().splitlines()[:2])
        return float(dict(zip(heads, figures, strict=False))["Inferences/Second"])

    @staticmethod
    def write_examples(path: Path, given: Sequence[object], expected: Sequence[object]) -> Path:
        """Write requests and the answers that they must get.

        Args:
            path: The file to write.
            given: For each request, inputs by name.
            expected: For each request, outputs by name.
        """
        path.write_text(json.dumps({"data": list(given), "validation_data": list(expected)}))
        return path
