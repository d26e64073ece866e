"""What the command teaches, and how it answers a wrong call."""

import pytest


@pytest.mark.parametrize(
    "words",
    [
        ["local", "pack", "run"],
        ["local", "pack", "plan"],
        ["local", "pack", "validate"],
        ["local", "pack", "cache"],
        ["plugins"],
        ["pi", "get"],
        ["template"],
        ["completion"],
    ],
)
def test_help_ends_with_an_example(odahuflowctl, words):
    finished = odahuflowctl(*words, "--help")
    assert finished.code == 0
    assert f"  odahuflowctl {' '.join(words)}" in finished.out.partition("Example")[2]


def test_short_help_option(odahuflowctl):
    assert (
        odahuflowctl("local", "pack", "run", "-h").out == odahuflowctl("local", "pack", "run", "--help").out
    )


def test_commands_without_their_plugin_have_a_heading_of_their_own(odahuflowctl):
    ours, absent = odahuflowctl("--help").out.split("Commands of plugins not installed:")
    assert "\n  local " in ours
    assert "\n  pack " in absent
    assert "\n  login " in absent


def test_no_words_at_all_show_the_help(odahuflowctl):
    finished = odahuflowctl()
    assert finished.code == 2
    assert "Usage: odahuflowctl" in finished.err


@pytest.mark.parametrize(
    ("words", "suggestion"),
    [
        (["plugin"], "there is no command 'plugin'; did you mean 'plugins'?"),
        (["local", "pack", "valdate"], "there is no command 'valdate'; did you mean 'validate'?"),
        (["pakc", "get"], "there is no command 'pakc'; did you mean 'pack'?"),
        (["local", "pack", "run", "--artefact", "x"], "--artifact"),
    ],
)
def test_a_misspelt_word_is_a_usage_error_with_a_suggestion(odahuflowctl, words, suggestion):
    finished = odahuflowctl(*words)
    assert finished.code == 2
    assert finished.out == ""
    assert suggestion in finished.err


def test_version(odahuflowctl):
    finished = odahuflowctl("--version")
    assert finished.out.startswith("odahu-pack-core ")
    assert finished.out == odahuflowctl("version").out


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_prints_a_script(odahuflowctl, shell):
    assert "_ODAHUFLOWCTL_COMPLETE" in odahuflowctl("completion", shell).out


def test_completion_completes(odahuflowctl):
    environ = {"_ODAHUFLOWCTL_COMPLETE": "bash_complete", "COMP_CWORD": "3"}
    with pytest.MonkeyPatch.context() as patch:  # click reads the words from the process's environment
        patch.setenv("COMP_WORDS", "odahuflowctl local pack v")
        patch.setenv("COMP_CWORD", "3")
        assert odahuflowctl(**environ).out.split() == ["plain,validate"]
