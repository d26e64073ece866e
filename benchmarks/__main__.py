"""``python -m benchmarks``: run some benchmarks, or all of them."""

import argparse
from pathlib import Path

from benchmarks.against.figures import run as against
from benchmarks.batch.figures import run as batch
from benchmarks.bytecode import run as bytecode
from benchmarks.memory import run as memory
from benchmarks.packaging import run as packaging
from benchmarks.report import write
from benchmarks.serving.figures import run as serving
from benchmarks.serving.first_answer import run as first_answer
from benchmarks.startup import run as startup
from benchmarks.weights import run as weights

BENCHMARKS = {
    "startup": startup,
    "package": packaging,
    "memory": memory,
    "bytecode": bytecode,
    "against": against,
    "weights": weights,
    "serving": serving,
    "first_answer": first_answer,
    "batch": batch,
}
RESULTS = Path(__file__).parent / "results"


def main() -> None:
    """Run what the command line names."""
    parser = argparse.ArgumentParser("python -m benchmarks", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"{', '.join(BENCHMARKS)}; all when none is named"
    )
    parser.add_argument(
        "--results", type=Path, default=RESULTS, metavar="DIR", help="where figures go (benchmarks/results)"
    )
    chosen = parser.parse_args()
    unknown = set(chosen.names) - set(BENCHMARKS)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    for name in chosen.names or BENCHMARKS:
        print(f"{name} …", flush=True)
        print(write(BENCHMARKS[name](), chosen.results))


if __name__ == "__main__":
    main()
