"""Figures: measured as they are told, kept without names of machines, and within what is promised."""

import json
import platform
import re
import sys

import pytest

from benchmarks.measure import BenchmarkError, Spread, interleaved, measured
from benchmarks.report import Figures, write
from benchmarks.serving.promises import kept_and_broken
from tests.docs.reading import REPOSITORY
from tests.docs.tables import kept_rows

RESULTS = REPOSITORY / "benchmarks" / "results"


def kept(name):
    return {
        next(iter(row.values())): row for row in json.loads((RESULTS / f"{name}.json").read_text())["rows"]
    }


def test_a_process_is_charged_for_what_it_used():
    usage = measured([sys.executable, "-c", "print(len(bytearray(100_000_000)))"], {})
    assert usage.stdout == "100000000\n"
    assert usage.peak_mib > 95
    assert 0 < usage.cpu_seconds <= usage.seconds + 0.1


def test_a_failing_command_is_no_figure():
    with pytest.raises(BenchmarkError, match=r"ended with 3:\nout of"):
        measured([sys.executable, "-c", "import sys; print('out of', file=sys.stderr); sys.exit(3)"], {})


def test_turns_are_taken_and_the_first_round_is_dropped():
    calls = []
    found = interleaved({name: lambda name=name: calls.append(name) or len(calls) for name in "ab"}, 2)
    assert calls == list("ababab")
    assert found == {"a": [3, 5], "b": [4, 6]}


def test_figures_are_kept_for_programs_and_for_people(tmp_path):
    rows = [("one", Spread.of([3.0, 1.0, 2.0])), ("two", 0.5)]
    write(Figures("try", "A try", ("What", "Seconds"), rows, ("Said once.",)), tmp_path)
    document = json.loads((tmp_path / "try.json").read_text())
    assert document["rows"][0]["Seconds"] == {"median": 2.0, "lowest": 1.0, "highest": 3.0, "rounds": 3}
    assert "| one | 2.00 (1.00 to 3.00) |\n| two | 0.50 |" in (tmp_path / "try.md").read_text()
    assert platform.node() not in (tmp_path / "try.json").read_text()


def test_the_kept_figures_are_within_what_is_promised():
    startup, memory = kept("startup"), kept("memory")
    assert startup["odahuflowctl --help"]["CPU seconds"]["median"] < 0.25
    assert startup["import odahu_pack_core"]["CPU seconds"]["median"] < 0.15
    assert {row["Peak MiB"] < 200 for row in memory.values()} == {True}
    package = kept("package")
    assert package["weights changed"]["Seconds"]["median"] < package["cold"]["Seconds"]["median"] / 4


def test_odahu_pack_is_ahead_of_its_peers_as_promised():
    rows = kept("against")
    ours = {what.partition(", ")[0]: row for what, row in rows.items() if what.endswith(", odahu-pack")}
    assert set(ours) == {"cold", "weights changed", "nothing changed", "second model"}
    for what, row in rows.items():
        scenario, _, who = what.partition(", ")
        least = {"cold": 5, "weights changed": 4}.get(scenario)
        if least and who != "odahu-pack":
            assert row["Times odahu-pack"] > (1 if who == "by hand" else least), what
    assert ours["second model"]["MB sent"] < 10.1  # its weights are 10 MB
    assert ours["nothing changed"]["MB sent"] < 0.01


def test_large_weights_take_a_fifth_of_docker_and_no_memory():
    rows = kept("weights")
    assert rows["1 GB"]["Seconds"]["median"] < rows["1 GB"]["Seconds of Docker"]["median"] / 5
    peaks = [row["Peak MiB"]["highest"] for row in rows.values()]
    assert max(peaks) < min(150, 1.25 * min(peaks))


def test_the_promised_seconds_are_kept():
    contest, weights = kept("against"), kept("weights")
    if contest["cold, odahu-pack"]["Seconds"]["rounds"] < 3:
        pytest.skip("the kept figures are of fewer rounds than seconds are judged by")
    assert contest["weights changed, odahu-pack"]["Seconds"]["median"] < 0.5
    assert weights["10 MB"]["… less a run with nothing changed"]["median"] < 1.3
    assert weights["1 GB"]["Times the floor"]["median"] < 1.3
    assert weights["4 GB"]["Times the floor"]["median"] < 1.3


@pytest.mark.xfail(reason="the start of Python alone takes most of it: 0.37 s were measured", strict=True)
def test_nothing_changed_takes_less_than_three_tenths_of_a_second():
    assert kept("against")["nothing changed, odahu-pack"]["Seconds"]["median"] < 0.3


def test_servers_are_ahead_of_their_peers_as_promised():
    told = list(kept_and_broken(kept_rows("serving")))
    assert len(told) > 20
    assert [promise for kept_it, promise in told if not kept_it and not _FEW_WAIT.match(promise)] == []


@pytest.mark.xfail(
    reason="17.8 times BentoML were measured: eight clients fill no large batches", strict=True
)
def test_eight_clients_of_a_batching_server_get_twenty_times_the_answers_of_bentoml():
    told = [kept_it for kept_it, promise in kept_and_broken(kept_rows("serving")) if _FEW_WAIT.match(promise)]
    assert len(told) == 2
    assert all(told)


_FEW_WAIT = re.compile(r"Requests/s of 1 row, 8 connections, BentoML .* 0\.05 times .* with batching")


def test_batches_keep_up_with_loops_by_hand_in_flat_memory():
    for row in kept_rows("batch"):
        assert row["Ratio"]["median"] >= 0.9
        assert row["Peak MiB, many rows"]["median"] < 1.2 * row["Peak MiB, few rows"]["median"]
