"""``local pack run``: streams, formats, events and exit codes."""

import json

import pytest
import yaml

RUN = ("local", "pack", "run", "-f", "pack.yaml")
DIGEST = "sha256:" + "ab" * 32


@pytest.fixture(autouse=True)
def _installed(paper, project):
    """Every test has packager, engine and model."""


def test_results_are_lines_on_stdout(odahuflowctl):
    finished = odahuflowctl(*RUN)
    assert finished.code == 0, finished.err
    image, digest, greeting = finished.out.splitlines()
    assert image.startswith("image: 127.0.0.1:9/odahuflow/wine-0-1:")
    assert digest == f"digest: {DIGEST}"
    assert greeting == "greeting: hello"


def test_the_usual_line_with_id_and_folder(odahuflowctl):
    finished = odahuflowctl("local", "pack", "run", "--id", "wine-on-paper", "-d", ".")
    assert finished.code == 0
    assert finished.out.startswith("image: ")


def test_in_a_pipe_stderr_has_plain_lines(odahuflowctl):
    err = odahuflowctl(*RUN).err
    assert "\x1b" not in err
    lines = err.splitlines()
    assert "why: greeting: hello (the arguments say so)" in lines
    assert "why: engine: paper (the first installed engine that can build this plan)" in lines
    assert "build: model 100 B of 100 B" in lines
    assert "warning: the ink is low" in lines
    assert "paper | folding" not in err


def test_verbose_shows_what_tools_print_with_control_characters_escaped(odahuflowctl):
    assert "paper | folding\\x1b[31m\n" in odahuflowctl(*RUN, "--verbose").err


def test_quiet_leaves_warnings_and_results(odahuflowctl):
    finished = odahuflowctl(*RUN, "--quiet")
    assert finished.err == "warning: the ink is low\n"
    assert len(finished.out.splitlines()) == 3


def test_loudness_may_stand_first(odahuflowctl):
    assert odahuflowctl("--quiet", *RUN).err == "warning: the ink is low\n"


def test_jsonpath_into_the_results(odahuflowctl):
    finished = odahuflowctl(*RUN, "-o", "jsonpath=$[0].status.results[0].value")
    assert finished.out.startswith("127.0.0.1:9/odahuflow/wine-0-1:")
    assert finished.out.count("\n") == 1


def test_json_is_a_list_of_the_packaging_with_its_status(odahuflowctl):
    (packaging,) = json.loads(odahuflowctl(*RUN, "-o", "json").out)
    assert packaging["kind"] == "ModelPackaging"
    assert packaging["spec"]["integrationName"] == "paper"
    assert packaging["status"]["state"] == "succeeded"
    assert [result["name"] for result in packaging["status"]["results"]] == ["image", "digest", "greeting"]


def test_yaml_is_a_manifest_that_can_be_used_again(odahuflowctl, tmp_path):
    packaging = yaml.safe_load(odahuflowctl(*RUN, "--format", "yaml").out)
    (tmp_path / "again.yaml").write_text(yaml.safe_dump(packaging), encoding="utf-8")
    text = "kind: Connection\nid: press\nspec: {type: docker, uri: '127.0.0.1:9'}\n"
    (tmp_path / "connection.yaml").write_text(text, encoding="utf-8")
    assert odahuflowctl("local", "pack", "run", "-d", tmp_path).code == 0


def test_table(odahuflowctl):
    heading, row = odahuflowctl(*RUN, "-o", "table").out.splitlines()
    assert heading.split() == ["ID", "INTEGRATION", "STATE", "IMAGE", "DIGEST"]
    assert row.split()[:3] == ["wine-on-paper", "paper", "succeeded"]


def test_an_output_that_is_no_registry_says_where_the_image_is(odahuflowctl):
    finished = odahuflowctl(*RUN, "--output", "type=docker-archive,dest=wine.tar")
    assert finished.out.splitlines()[-1] == "location: wine.tar"
    assert "digest:" not in finished.out


def test_events_and_nothing_else(odahuflowctl):
    finished = odahuflowctl(*RUN, "--events", "json")
    assert (finished.code, finished.err) == (0, "")
    events = [json.loads(line) for line in finished.out.splitlines()]
    assert events[0]["type"] == "step-started"
    assert events[-1]["type"] == "result"
    assert events[-1]["state"] == "succeeded"
    assert events[-1]["results"][1] == {"name": "digest", "value": DIGEST}
    assert [event["type"] for event in events].count("result") == 1


FAILURES = {
    "fail": (15, "EngineError", "the paper jammed"),
    "refuse": (16, "RegistryError", "the press refused the password"),
    "crash": (1, "RuntimeError", "RuntimeError: the press exploded"),
    "full": (1, "OSError", "No space left on device: /paper/tray"),
}


@pytest.mark.parametrize("behaviour", FAILURES)
def test_a_failure_is_told_on_stderr_and_stdout_is_empty(odahuflowctl, behaviour):
    code, _, message = FAILURES[behaviour]
    finished = odahuflowctl(*RUN, PAPER_ENGINE=behaviour)
    assert (finished.code, finished.out) == (code, "")
    assert f"Error: {message}\n" in finished.err
    assert "Traceback" not in finished.err


@pytest.mark.parametrize("behaviour", FAILURES)
def test_a_failure_is_the_last_event(odahuflowctl, behaviour):
    code, kind, message = FAILURES[behaviour]
    finished = odahuflowctl(*RUN, "--events=json", PAPER_ENGINE=behaviour)
    assert finished.code == code
    last = json.loads(finished.out.splitlines()[-1])
    assert (last["type"], last["state"], last["error"]) == ("result", "failed", kind)
    assert (last["message"], last["exit_code"]) == (message, code)


@pytest.mark.parametrize("behaviour", FAILURES)
def test_debug_shows_where_a_failure_happened(odahuflowctl, behaviour):
    finished = odahuflowctl(*RUN, "--debug", PAPER_ENGINE=behaviour)
    assert finished.code == FAILURES[behaviour][0]
    assert "Traceback (most recent call last):" in finished.err
    assert "paper_press.py" in finished.err


def test_a_hint_follows_its_error(odahuflowctl):
    assert odahuflowctl(*RUN, PAPER_ENGINE="fail").err.endswith("Error: the paper jammed\npull it out\n")


def test_an_unexpected_error_says_how_to_see_more(odahuflowctl):
    assert odahuflowctl(*RUN, PAPER_ENGINE="crash").err.endswith(
        "run it again with --debug to see where it happened\n"
    )


def test_a_full_disk_says_what_may_be_moved(odahuflowctl):
    assert "TMPDIR" in odahuflowctl(*RUN, PAPER_ENGINE="full").err


def test_no_push_target_and_no_output_never_succeed(odahuflowctl, project):
    text = (project / "pack.yaml").read_text(encoding="utf-8").partition("  targets:")[0]
    (project / "pack.yaml").write_text(text, encoding="utf-8")
    finished = odahuflowctl(*RUN)
    assert (finished.code, finished.out) == (10, "")
    assert "target 'docker-push' is required" in finished.err


def test_an_unknown_engine(odahuflowctl):
    finished = odahuflowctl(*RUN, "--engine", "papr")
    assert finished.code == 11
    assert "unknown engine 'papr'; did you mean 'paper'?" in finished.err


def test_an_engine_that_cannot_bring_the_image_there(odahuflowctl):
    finished = odahuflowctl(*RUN, "--engine", "paper", "--output", "type=oci,dest=x")
    assert finished.code == 15
    assert "engine 'paper' cannot bring an image to output type 'oci'" in finished.err


def test_events_and_a_format_contradict_each_other(odahuflowctl):
    finished = odahuflowctl(*RUN, "--events", "json", "-o", "json")
    assert finished.code == 2
    assert json.loads(finished.out)["code"] == "usage"


@pytest.mark.parametrize("events", [["--events", "json"], ["--events=json"]])
@pytest.mark.parametrize("wrong", ["--artefact=x", "--output=type=x", "--platform=x"])
def test_a_wrong_option_is_told_to_machines_too(odahuflowctl, events, wrong):
    finished = odahuflowctl(*RUN, *events, wrong)
    assert finished.code == 2
    last = json.loads(finished.out)
    assert (last["type"], last["state"], last["exit_code"]) == ("result", "failed", 2)


def test_a_wrong_manifest_is_told_to_machines_too(odahuflowctl):
    finished = odahuflowctl("local", "pack", "run", "-f", "nowhere.yaml", "--events", "json")
    assert finished.code == 10
    assert json.loads(finished.out)["message"] == "cannot read nowhere.yaml: No such file or directory"


def test_a_jsonpath_is_checked_before_anything_is_built(odahuflowctl):
    finished = odahuflowctl(*RUN, "-o", "jsonpath=[")
    assert finished.code == 2
    assert "is not a JSONPath expression" in finished.err
    assert "Read pack.yaml" not in finished.err
