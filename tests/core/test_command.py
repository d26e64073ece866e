"""The one door to programs of the system."""

import contextlib
import os
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_core.command import Command, CommandError, SubprocessRunner, redacted

run = SubprocessRunner()


def command(*arguments, **other):
    return Command(arguments, {"PATH": os.environ["PATH"]}, **other)


def python(code, *arguments, **other):
    return command(sys.executable, "-c", code, *arguments, **other)


def is_running(pid):
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until(condition):
    end = time.monotonic() + 10
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


def test_the_outcome_is_what_the_program_left():
    outcome = run(command("sh", "-c", "printf 'out\\n'; echo err >&2; exit 3"))
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (3, "out\n", ("err",))


def test_a_signal_is_a_negative_exit_code():
    assert run(command("sh", "-c", "kill -9 $$")).exit_code == -9


def test_it_has_the_given_environment_and_folder_only(tmp_path):
    outcome = run(Command(("/usr/bin/env",), {"ONE": "1"}, cwd=tmp_path))
    assert outcome.stdout == "ONE=1\n"
    assert run(command("pwd", cwd=tmp_path)).stdout == f"{tmp_path}\n"


def test_lines_are_told_while_it_runs():
    told = []
    code = "import sys\nprint('first', flush=True)\nsys.stdin.readline()\nprint('second')"
    # The program waits for its input to end; the first line comes before that.
    outcome = run(python(code, stdin=b"go\n"), lambda stream, line: told.append((stream, line)))
    assert told == [("stdout", "first"), ("stdout", "second")]
    assert outcome.exit_code == 0


def test_a_line_is_told_before_the_program_ends(tmp_path):
    told = tmp_path / "told"
    code = (
        "import pathlib, sys, time\nprint('first', flush=True)\n"
        "while not pathlib.Path(sys.argv[1]).exists(): time.sleep(0.01)"
    )
    assert run(python(code, str(told), timeout_seconds=30), lambda *_: told.touch()).exit_code == 0


def test_carriage_returns_end_lines_and_unfinished_lines_count():
    told = []
    run(command("printf", "10%%\\r20%%\\r\\nend"), lambda _, line: told.append(line))
    assert told == ["10%", "20%", "end"]


def test_bytes_that_are_no_text_do_not_stop_it():
    assert run(python("import sys; sys.stderr.buffer.write(b'\\xff\\n')")).stderr == ("\ufffd",)


def test_much_input_and_much_output_go_through():
    text = b"x" * 3_000_000
    assert run(command("cat", stdin=text)).stdout == text.decode()


def test_a_program_that_does_not_read_its_input_is_no_failure():
    assert run(command("true", stdin=b"x" * 1_000_000)).exit_code == 0


def test_much_on_stderr_does_not_block_it():
    outcome = run(python("import sys; sys.stderr.write('line\\n' * 100_000); print('done')"))
    assert (outcome.stdout, len(outcome.stderr)) == ("done\n", 100_000)


def test_a_missing_program_is_told():
    with pytest.raises(CommandError, match="no-such-program-here: it is not installed") as told:
        run(command("no-such-program-here"))
    assert told.value.code == "cannot-run"


def test_a_file_that_is_no_program_is_told(tmp_path):
    (tmp_path / "text").write_text("no program")
    with pytest.raises(CommandError, match="cannot run text"):
        run(command(str(tmp_path / "text")))


def test_it_is_ended_when_it_takes_too_long():
    start = time.monotonic()
    with pytest.raises(CommandError, match=r"longer than 0\.2 s") as told:
        run(command("sleep", "60", timeout_seconds=0.2))
    assert told.value.code == "timeout"
    assert time.monotonic() - start < 5


def test_it_is_ended_when_it_closes_its_output_and_goes_on():
    with pytest.raises(CommandError, match="longer"):
        run(python("import os, time; os.close(1); os.close(2); time.sleep(60)", timeout_seconds=0.3))


def test_an_exception_of_the_listener_ends_the_whole_group():
    pids = []

    def listen(_, line):
        pids.extend(map(int, line.split()))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(command("sh", "-c", "sleep 60 & echo $$ $!; wait"), listen)
    assert len(pids) == 2
    assert wait_until(lambda: not any(map(is_running, pids)))


def test_a_program_that_ignores_the_polite_signal_is_killed(monkeypatch):
    monkeypatch.setattr("odahu_pack_core.command._GRACE_SECONDS", 0.3)
    pids = []

    def listen(_, line):
        pids.append(int(line))
        raise LookupError

    code = (
        "import os, signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "print(os.getpid(), flush=True); time.sleep(60)"
    )
    with pytest.raises(LookupError):
        run(python(code), listen)
    assert wait_until(lambda: not is_running(pids[0]))


def test_a_program_may_clean_up_when_it_is_ended(tmp_path):
    code = (
        "import pathlib, signal, sys, time\n"
        "def stop(*_):\n    pathlib.Path(sys.argv[1]).touch()\n    sys.exit()\n"
        "signal.signal(signal.SIGTERM, stop)\nprint('ready', flush=True)\ntime.sleep(60)"
    )

    def listen(*_):
        raise KeyboardInterrupt

    with contextlib.suppress(KeyboardInterrupt):
        run(python(code, str(tmp_path / "cleaned")), listen)
    assert (tmp_path / "cleaned").exists()


def test_what_it_leaves_running_is_ended():
    outcome = run(command("sh", "-c", "sleep 60 & echo $!"))
    assert outcome.exit_code == 0
    assert wait_until(lambda: not is_running(int(outcome.stdout)))


def test_it_runs_in_any_thread():
    outcomes = []
    thread = threading.Thread(target=lambda: outcomes.append(run(command("echo", "hi"))))
    thread.start()
    thread.join()
    assert outcomes[0].stdout == "hi\n"


def test_secrets_are_in_no_line_and_no_repr():
    secret = "hunter22"
    told = []
    asked = command("sh", "-c", 'cat; printf "%s\\n" "$0" >&2', "x", stdin=b"hunter22\n", secrets=(secret,))
    outcome = run(asked, lambda stream, line: told.append((stream, line)))
    assert told[0] == ("stdout", "***")
    assert secret not in f"{asked!r}{outcome!r}{told}{outcome.stderr}"
    assert outcome.stdout == f"{secret}\n"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("fetching https://bob:pw@host/simple failed", "fetching https://***@host/simple failed"),
        ("http://token@host http://a:b@c", "http://***@host http://***@c"),
        ("https://u:p@ss@host/x", "https://***@host/x"),
        ("mail a@b.example and http://host/a@b", "mail a@b.example and http://host/a@b"),
        ("https://host:80/path", "https://host:80/path"),
    ],
)
def test_urls_lose_user_names_and_passwords(line, shown):
    assert redacted(line) == shown


def test_a_longer_secret_is_hidden_before_one_inside_it():
    assert redacted("password: abcdef", ("abc", "abcdef")) == "password: ***"
    assert redacted("a b", ("a",)) == "a b"


@pytest.mark.property
@given(st.text(), st.text(min_size=3), st.text())
def test_no_secret_survives(before, secret, after):
    shown = redacted(before + secret + after, (secret,))
    assert secret not in shown.replace("***", "\0")


def test_redaction_takes_linear_time():
    start = time.monotonic()
    redacted("a" * 1_000_000)
    redacted("://" * 300_000)
    redacted("://a" + "b" * 1_000_000)
    assert time.monotonic() - start < 2
