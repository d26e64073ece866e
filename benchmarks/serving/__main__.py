"""``python -m benchmarks.serving``: take figures of some contenders quickly, and keep them elsewhere."""

import argparse
import json
import tempfile
from pathlib import Path

from benchmarks.report import write
from benchmarks.serving.figures import figures
from benchmarks.serving.promises import kept_and_broken
from benchmarks.serving.rounds import MAKERS, Effort, samples


def main() -> None:
    """Measure what the command line names, print it, and tell which promises it keeps."""
    parser = argparse.ArgumentParser("python -m benchmarks.serving", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="NAME", help=f"{', '.join(MAKERS)}; all when none is named"
    )
    parser.add_argument("--rounds", type=int, default=1, help="turns of each contender (1)")
    parser.add_argument("--seconds", type=int, default=1, help="of each load (1)")
    chosen = parser.parse_args()
    unknown = set(chosen.names) - set(MAKERS)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}")
    effort = Effort(chosen.rounds, chosen.seconds)
    with tempfile.TemporaryDirectory() as folder:
        found = figures(list(samples(effort, chosen.names or tuple(MAKERS))), effort)
        print(write(found, Path(folder)))
        rows = json.loads((Path(folder) / f"{found.name}.json").read_text())["rows"]
    if not chosen.names:
        for kept, promise in kept_and_broken(rows):
            print("kept  " if kept else "BROKEN", promise)


if __name__ == "__main__":
    main()
