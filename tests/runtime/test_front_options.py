"""The command line of the server, read in this process."""

import pytest

from tests.runtime.layout import SERVER


@pytest.fixture
def parse(monkeypatch):
    monkeypatch.syspath_prepend(str(SERVER / "front"))
    from odahu_front.options import parse_options  # noqa: PLC0415 - it is on the path only now

    return parse_options


def test_the_defaults_are_the_packagers(parse):
    options = parse([])
    assert (options.host, options.port) == ("0.0.0.0", 5000)
    assert (options.timeout, options.workers, options.threads) == (60, 1, 4)


def test_what_is_given_to_an_image_wins_and_the_rest_stays_as_packaged(parse):
    packaged = ["--host", "0.0.0.0", "--workers", "4", "--timeout", "5"]
    options = parse([*packaged, "--workers", "2"])
    assert (options.workers, options.timeout) == (2, 5)


def test_the_help_leaves_out_what_is_only_for_our_own_programs(parse, capsys):
    with pytest.raises(SystemExit):
        parse(["--help"])
    told = capsys.readouterr().out
    assert "--max-batch-size N" in told
    assert "--model-json" not in told


def test_the_folders_stand_beside_the_front(parse):
    options = parse([])
    assert options.worker == str(SERVER / "worker")
    assert options.artifact == str(SERVER / "artifact")
    assert options.model_json == str(SERVER / "model.json")


@pytest.mark.parametrize(
    "wrong",
    [
        ["--port", "65536"],
        ["--port", "-1"],
        ["--port", "http"],
        ["--workers", "0"],
        ["--workers", "1.5"],
        ["--threads", ""],
        ["--timeout", "0"],
        ["--timeout", "inf"],
        ["--timeout", "nan"],
        ["--max-body-bytes", "-5"],
        ["--unknown"],
        ["word"],
    ],
)
def test_a_wrong_option_is_a_usage_error(parse, capsys, wrong):
    with pytest.raises(SystemExit) as refused:
        parse(wrong)
    assert refused.value.code == 2
    assert wrong[0] in capsys.readouterr().err
