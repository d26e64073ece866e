"""How a folder is spread over runs, and how a run goes on where another was ended."""

import os

import pytest

from tests.runtime.test_command_inputs import DOUBLE, document, doubles, written

pytestmark = pytest.mark.slow

NAMES = ["a.json", "b.json", "c.json", "d.json", "e.json"]


@pytest.fixture
def given(tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for number, name in enumerate(NAMES):
        (folder / name).write_text(document([number]))
    return folder


@pytest.fixture
def out(tmp_path):
    made = tmp_path / "out"
    made.mkdir()
    return made


def test_shards_take_every_nth_file_and_together_all(run, given, out):
    for part, expected in enumerate([["a.json", "d.json"], ["b.json", "e.json"], ["c.json"]]):
        before = set(written(out))
        assert run(DOUBLE, "predict", given, out, "--shard", f"{part}/3").returncode == 0
        assert sorted(set(written(out)) - before) == expected
    assert written(out) == NAMES


@pytest.mark.parametrize(
    ("options", "environment"),
    [
        (["--shard", "1/2"], {}),
        (["--shard", "auto/2"], {"JOB_COMPLETION_INDEX": "1"}),
        ([], {"JOB_COMPLETION_INDEX": "1", "JOB_COMPLETIONS": "2"}),
        (["--shard", "1/2"], {"JOB_COMPLETION_INDEX": "0", "JOB_COMPLETIONS": "7"}),
    ],
)
def test_a_shard_is_written_or_that_of_an_indexed_job(run, given, out, options, environment):
    assert run(DOUBLE, "predict", given, out, *options, env=environment).returncode == 0
    assert written(out) == ["b.json", "d.json"]


def test_one_file_by_its_own_name_is_the_callers_choice_in_a_job(run, given, out):
    environment = {"JOB_COMPLETION_INDEX": "3"}
    assert run(DOUBLE, "predict", given / "d.json", out, env=environment).returncode == 0
    assert doubles(out / "result.json") == [6]


def test_what_is_finished_does_not_change_what_a_shard_takes(run, given, out):
    (out / "a.json").write_text("finished")
    run(DOUBLE, "predict", given, out, "--shard", "0/2", "--skip-finished")
    assert written(out) == ["a.json", "c.json", "e.json"]
    assert (out / "a.json").read_text() == "finished"


def test_a_shard_without_an_input_has_nothing_to_do(run, given, out):
    done = run({"entrypoint.py": "1 / 0"}, "predict", given, out, "--shard", "6/7")
    assert (done.returncode, done.stdout) == (0, "Nothing to do: this shard has no input.\n")


@pytest.mark.parametrize(
    ("options", "environment", "words"),
    [
        (["--shard", "3/3"], {}, "there is no shard 3 of 3: they count from 0 to 2"),
        (["--shard", "0/0"], {}, "must be at least 1"),
        (["--shard", "1"], {}, "expected I/N"),
        (["--shard", "1/-2"], {}, "expected I/N"),
        (["--shard", "auto/2"], {}, "needs JOB_COMPLETION_INDEX"),
        (["--shard", "auto/2"], {"JOB_COMPLETION_INDEX": "two"}, "JOB_COMPLETION_INDEX is 'two'"),
        ([], {"JOB_COMPLETION_INDEX": "2", "JOB_COMPLETIONS": "2"}, "there is no shard 2 of 2"),
        ([], {"JOB_COMPLETION_INDEX": "2"}, "give --shard auto/N or set JOB_COMPLETIONS=N"),
    ],
)
def test_a_shard_that_is_none_is_exit_2(run, given, out, options, environment, words):
    done = run({"entrypoint.py": "1 / 0"}, "predict", given, out, *options, env=environment)
    assert done.returncode == 2
    assert words in done.stderr
    assert written(out) == []


def test_a_run_goes_on_where_another_was_ended(run, given, out):
    (out / "a.json").write_text("finished")
    (out / "b.json").write_text("older than its input")
    os.utime(out / "b.json", (1, 1))
    done = run(DOUBLE, "predict", given, out, "--skip-finished")
    assert (
        done.stdout == f"Prediction is successful. 4 result files are in {out} (1 more were there before)\n"
    )
    assert (out / "a.json").read_text() == "finished"
    assert doubles(out / "b.json") == [2]


def test_a_run_that_is_all_finished_loads_no_model(run, given, out):
    run(DOUBLE, "predict", given, out)
    done = run({"entrypoint.py": "1 / 0"}, "predict", given, out, "--skip-finished")
    assert (done.returncode, done.stdout) == (0, f"Nothing to do: all 5 result files are in {out}.\n")
    run(DOUBLE, "predict", given / "a.json", out)
    done = run({"entrypoint.py": "1 / 0"}, "predict", given / "a.json", out, "--skip-finished")
    assert (done.returncode, done.stdout) == (0, f"Nothing to do: {out}/result.json is finished.\n")
