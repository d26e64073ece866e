"""Fuzzes, guided by coverage, what reads and judges configurations of Triton: ``nox -s fuzz -- 600``.

Arguments: seconds to run; a folder that keeps what was found to lead to new code, for the next run.
"""

import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["odahu_pack_triton"]):
    from odahu_pack_triton.config import read_config
    from odahu_pack_triton.lint import examine
    from odahu_pack_triton.releases import RELEASES

from tests.plugins.triton.any_config import CONTENTS, PATHS, folder_of, subject_of
from tests.plugins.triton.test_fuzz import TEXTS, check_reading

LONGEST = 4096
SELECTORS = 8
"""Bytes at the end of an input that choose the release and the files."""


def judge(content):
    """Read a configuration and judge it beside some files; anything raised is a finding."""
    choices = atheris.FuzzedDataProvider(content)
    release = choices.PickValueInList(list(RELEASES))
    files = {
        choices.PickValueInList([*PATHS]): choices.PickValueInList([*CONTENTS])
        for _ in range(choices.ConsumeIntInRange(0, 3))
    }
    rest = choices.ConsumeBytes(LONGEST)
    config = read_config(rest)
    check_reading(config.text)
    examine(subject_of(config, folder_of("wine", files), folder_of("beer", {}), release=release))


def seeded(folder):
    """Return a folder with the configurations of the corpus, each with bytes that choose."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(TEXTS):
        selectors = bytes((number * 37 + place * 11) % 256 for place in range(SELECTORS))
        (folder / f"seed-{number}").write_bytes(text.encode()[: LONGEST - SELECTORS] + selectors)
    return folder


def main():
    seconds, *kept = sys.argv[1:] or ["60"]
    with tempfile.TemporaryDirectory() as scratch:
        corpus = seeded(Path(kept[0]) if kept else Path(scratch) / "corpus")
        limits = [f"-max_total_time={seconds}", f"-max_len={LONGEST}", "-timeout=10", "-rss_limit_mb=2000"]
        atheris.Setup([sys.argv[0], *limits, f"-artifact_prefix={corpus}/", str(corpus)], judge)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
