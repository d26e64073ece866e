"""What ``predict`` shows on a terminal, and what its help teaches."""

import os
import pty
import re
import subprocess

import pytest

from tests.runtime.layout import REPOSITORY
from tests.runtime.test_command_inputs import DOUBLE, wide, written

pytestmark = pytest.mark.slow

SLOW = {
    "entrypoint.py": DOUBLE["entrypoint.py"].replace("    return [[2", "    time.sleep(0.1)\n    return [[2")
    + "\nimport time\n"
}


def test_a_terminal_shows_how_far_the_run_is(runtime, model, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_text(wide(range(40)))
    arguments = ["predict", tmp_path / "a.json", tmp_path / "b.json", out, "--chunk-rows", 10]
    shown = on_a_terminal(runtime.argv("cli", *model(SLOW).options, *arguments))
    assert re.search(r"\r\d+ rows, [\d,]+ rows/s, file 1 of 2, \S", shown)
    assert re.search(r"\r\d+ rows, [\d,]+ rows/s, file 2 of 2, \S", shown)
    assert shown.endswith("\r\x1b[K")  # and takes it away in the end
    assert "\n" not in shown
    assert written(out) == ["a.json", "b.json"]


def test_errors_do_not_run_into_the_progress_line(runtime, model, tmp_path):
    (tmp_path / "a.jsonl").write_text(f'[1, "{"x" * 7000}"]\n' * 20 + "[\n")
    arguments = ["predict", tmp_path / "a.jsonl", tmp_path, "--chunk-rows", 10]
    shown = on_a_terminal(runtime.argv("cli", *model(SLOW).options, *arguments))
    assert re.search(r"rows/s.*\r\x1b\[Kerror: \S+a\.jsonl:21:2: ", shown, re.DOTALL)


def on_a_terminal(argv):
    """Run a command whose standard error is a terminal; return what it shows."""
    ours, theirs = pty.openpty()
    shown = b""
    with subprocess.Popen(argv, stderr=theirs, stdout=subprocess.DEVNULL) as process:
        os.close(theirs)
        try:
            while True:
                shown += os.read(ours, 4096)
        except OSError:  # Linux has no end of file for terminals
            pass
        process.wait(20)
    os.close(ours)
    return shown.decode()


def test_help_teaches_by_examples(run):
    done = run({"entrypoint.py": "1 / 0"}, "predict", "--help")
    assert (done.returncode, done.stderr) == (0, "")
    for words in ("predict - - --format jsonl", "--shard I/N", "--skip-finished", "OUTPUT_DIR"):
        assert words in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 100


def test_the_document_tells_of_every_option(run):
    told = (REPOSITORY / "plugins" / "docker_cli" / "README.md").read_text()
    listed = re.findall(r"--[a-z_-]+", run("wine", "predict", "--help").stdout)
    options = set(listed) - {"--help", "--output_file_name"}
    assert len(options) > 10
    assert {option for option in options if f"{option}`" not in told and f"{option} " not in told} == set()
