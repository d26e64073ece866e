"""Every kind of failure in words, with its exit code."""

import errno
import os

import click
import pytest

from odahu_pack_core import errors
from odahu_pack_core.cli.console import visible
from odahu_pack_core.cli.failure import error_text, failure_of

FAMILIES = {
    errors.OdahuPackError: 1,
    errors.UsageError: 2,
    errors.SpecError: 10,
    errors.PluginError: 11,
    errors.ArtifactError: 12,
    errors.PlanError: 13,
    errors.DependencyError: 14,
    errors.EngineError: 15,
    errors.RegistryError: 16,
    errors.Cancelled: 130,
}


@pytest.mark.parametrize("family", FAMILIES)
def test_a_family_has_its_exit_code(family):
    failure = failure_of(family("what happened", code="x", hint="what to do"))
    assert failure.exit_code == FAMILIES[family]
    assert failure.error == family.__name__
    assert error_text(failure) == "Error: what happened\nwhat to do"


@pytest.mark.parametrize("error", [KeyboardInterrupt(), click.Abort()])
def test_an_interruption_is_130(error):
    assert failure_of(error).exit_code == 130


def test_a_wrong_call_is_2():
    failure = failure_of(click.UsageError("no such option"))
    assert (failure.exit_code, failure.code) == (2, "usage")


def test_anything_else_is_1_with_its_class_and_a_hint():
    text = error_text(failure_of(KeyError("x")))
    assert text == "Error: KeyError: 'x'\nrun it again with --debug to see where it happened"


def test_an_error_of_the_system_names_the_file():
    failure = failure_of(PermissionError(errno.EACCES, os.strerror(errno.EACCES), "/secret"))
    assert failure.message == "Permission denied: /secret"


def test_control_characters_are_shown_and_not_sent():
    assert visible("a\x1b[31mb\x07\x9bc\n\td é") == "a\\x1b[31mb\\x07\\x9bc\n\td é"
    assert visible("a\u202eb\udcff") == "a\\u202eb\\udcff"
