"""Conda's way to ask for versions, and the table of packages that have a twin."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from odahu_pack_core.plan.conda_twins import _table, needless, twin_of
from odahu_pack_core.plan.match_spec import parse_match_spec


def test_the_table_is_sound():
    table = _table()
    same, renamed = table["same"].split(), table["renamed"]
    dropped = [name for names in table["not-needed"].values() for name in names.split()]
    names = [*same, *renamed, *dropped]
    assert len(names) == len(set(names))
    assert same == sorted(same)
    assert all(name == name.lower() and "_" not in name for name in names)
    assert set(table["because"]) | set(table["longer-versions"]) <= set(renamed)
    for name in (*same, *renamed):
        Requirement(twin_of(name).requirement)
        assert not needless(name)


names = st.from_regex(r"[a-z][a-z0-9_.-]{0,20}", fullmatch=True)


versions = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,3}", fullmatch=True)


@pytest.mark.property
@given(names, versions, st.sampled_from(["=", "==", ">=", "<=", "!=", " "]), st.sampled_from(["", ".*"]))
def test_a_version_means_what_conda_means(name, version, operator, star):
    spec = parse_match_spec(f"{name}{operator}{version}{star}")
    assert spec.name == name
    accepted = SpecifierSet(spec.version)
    is_prefix = star or operator == "="
    expected = {
        "=": (True, True),
        "==": (True, bool(is_prefix)),
        " ": (True, bool(is_prefix)),
        ">=": (True, True),
        "<=": (True, False),
        "!=": (False, not is_prefix),
    }[operator]
    assert (accepted.contains(version), accepted.contains(f"{version}.1")) == expected


@pytest.mark.property
@given(st.text())
def test_any_line_is_a_match_spec_or_not(text):
    spec = parse_match_spec(text)
    if spec is not None:
        assert spec.name
        assert spec.version is None or SpecifierSet(spec.version) is not None
