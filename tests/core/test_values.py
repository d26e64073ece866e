"""Our dataclasses behave as the standard ones do."""

import copy
import dataclasses
import pickle
from dataclasses import field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_core.values import dataclass


@dataclass(frozen=True)
class Ours:
    name: str
    count: int = 1
    tags: tuple = ()
    secret: str = field(default="", repr=False)
    origin: str = field(default="", compare=False)


@dataclasses.dataclass(frozen=True)
class Standard:
    name: str
    count: int = 1
    tags: tuple = ()
    secret: str = field(default="", repr=False)
    origin: str = field(default="", compare=False)


VALUES = st.tuples(st.sampled_from("ab"), st.integers(0, 1), st.just(()), st.sampled_from("xy"), st.text())


@pytest.mark.property
@given(VALUES, VALUES)
def test_they_compare_hash_and_show_themselves_alike(one, other):
    assert (Ours(*one) == Ours(*other)) == (Standard(*one) == Standard(*other))
    assert (hash(Ours(*one)) == hash(Ours(*other))) == (hash(Standard(*one)) == hash(Standard(*other)))
    assert repr(Ours(*one)) == repr(Standard(*one)).replace("Standard", "Ours")


def test_they_cannot_be_changed():
    value = Ours("a")
    with pytest.raises(dataclasses.FrozenInstanceError):
        value.name = "b"
    with pytest.raises(dataclasses.FrozenInstanceError):
        del value.name


def test_they_are_dataclasses_to_everybody():
    value = Ours("a", tags=("x",))
    assert dataclasses.replace(value, name="b") == Ours("b", tags=("x",))
    assert dataclasses.asdict(value) == dataclasses.asdict(Standard("a", tags=("x",)))
    assert pickle.loads(pickle.dumps(value)) == copy.deepcopy(value) == value
    match value:
        case Ours(name, count):
            assert (name, count) == ("a", 1)


def test_another_class_is_another_value():
    @dataclass(frozen=True)
    class Heir(Ours):
        more: int = 0

    assert Heir("a") != Ours("a")
    assert Ours("a") != Standard("a")
    assert repr(Heir("a")).endswith("Heir(name='a', count=1, tags=(), origin='', more=0)")


def test_standard_heirs_keep_their_own_ways():
    @dataclasses.dataclass(frozen=True)
    class Heir(Ours):
        more: int = 0

    assert Heir("a", more=1) == Heir("a", more=1) != Heir("a", more=2)


def test_a_method_that_a_class_writes_itself_stays():
    @dataclass(frozen=True)
    class Quiet:
        secret: str

        def __repr__(self):
            return "Quiet"

        def __eq__(self, other):
            return True

        def __hash__(self):
            return 7

    assert (repr(Quiet("x")), hash(Quiet("x")), Quiet("x") == Quiet("y")) == ("Quiet", 7, True)
