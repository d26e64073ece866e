"""What hypothesis makes plans of: hostile texts, image references, every kind of instruction."""

import string

from hypothesis import strategies as st

from odahu_pack_core.errors import PlanError
from odahu_pack_core.plan.instruction import (
    AddLayer,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Label,
    Run,
    User,
    Workdir,
)

TROUBLE = "$\\\"#'`{}()<>|&;*?[]!%=:@/,. \t\n\r\0é😀\u2028\u2029\x85\x7f\ufeff\ud800aB0-_"

hostile_texts = st.text(st.sampled_from(TROUBLE) | st.characters(), max_size=30)
words = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=8)
paths = st.lists(hostile_texts, min_size=1, max_size=4).map("/".join)


def refusable(kind, *arguments):
    """Return instructions of a kind, and nothing for arguments that it refuses."""

    def make(values):
        try:
            return kind(*values)
        except PlanError:
            return None

    return st.tuples(*arguments).map(make)


def commands(kind, least=0):
    return refusable(kind, st.lists(hostile_texts, min_size=least, max_size=4).map(tuple))


instructions = st.one_of(
    refusable(From, words),
    refusable(AddLayer, words),
    refusable(Copy, paths, paths.map("/{}".format)),
    refusable(Env, words.map("X{}".format), hostile_texts),
    refusable(Label, words, hostile_texts),
    refusable(User, st.sampled_from(["0", "65532:0", "1234:2147483647"])),
    refusable(Workdir, paths.map("/{}".format)),
    refusable(Expose, st.integers(1, 65535)),
    commands(Entrypoint),
    commands(Cmd),
    commands(Run, least=1),
).filter(lambda instruction: instruction is not None)
