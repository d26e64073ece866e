"""Commands that need a server's plugin, while it is not installed."""

import pytest

WORDS = [
    *(["pack", name] for name in ("get", "create", "edit", "delete", "logs")),
    *(["conn", name] for name in ("get", "create", "edit", "delete")),
    *(["pi", name] for name in ("create", "edit", "delete")),
    *(["bulk", name] for name in ("apply", "delete")),
    *(["config", name] for name in ("get", "set", "all", "path")),
    ["login"],
    ["logout"],
]


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_it_says_what_to_install(odahuflowctl, words):
    finished = odahuflowctl(*words)
    assert (finished.code, finished.out) == (11, "")
    assert finished.err == (
        f"Error: '{' '.join(words)}' needs odahu-pack-server, which is not installed\n"
        "install it with: pip install odahu-pack-server\n"
    )


@pytest.mark.parametrize("words", WORDS, ids=" ".join)
def test_it_has_help(odahuflowctl, words):
    finished = odahuflowctl(*words, "--help")
    assert finished.code == 0
    assert "odahu-pack-server, which is not installed" in finished.out


@pytest.mark.parametrize(
    "words",
    [
        ["pack", "get", "--format", "json"],
        ["pack", "get", "--id", "tensorflow-cli", "-o", "jsonpath=[*].spec.arguments"],
        ["pack", "create", "-f", "pack.yaml"],
        ["login", "--url", "http://127.0.0.1", "--token", "x"],
    ],
)
def test_options_are_no_reason_for_another_error(odahuflowctl, words):
    assert odahuflowctl(*words).code == 11
