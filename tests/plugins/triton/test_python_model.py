"""What ``auto_complete_config`` does, read from ``model.py`` without running it."""

import re
import textwrap
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odahu_pack_core import ArtifactError
from odahu_pack_triton.auto_complete import Completion
from odahu_pack_triton.config import parse_config
from odahu_pack_triton.python_model import completes_its_config, completion_of, read_model_source
from odahu_pack_triton.python_source import Unknown
from odahu_pack_triton.recorded_config import RecordedConfig
from tests.plugins.triton.completing_models import DOCUMENTED, FORMS, UNTOLD, untold

EMPTY = {"input": [], "output": [], "max_batch_size": 0, "dynamic_batching": False, "decoupled": False}


def complete(source, config=""):
    message = parse_config(config).message
    return completion_of(read_model_source(source, "1/model.py"), "wine", message)


def as_dict(completion):
    def tensors(pieces):
        return [
            {"name": each.name, "data_type": each.data_type, "dims": list(each.dims)}
            | ({"optional": True} if each.optional else {})
            for each in pieces
        ]

    return {
        "input": tensors(completion.inputs),
        "output": tensors(completion.outputs),
        "max_batch_size": completion.max_batch_size,
        "dynamic_batching": completion.dynamic_batching,
        "decoupled": completion.decoupled,
    }


@pytest.mark.parametrize("form", FORMS)
def test_what_a_form_adds_is_told(form):
    source, expected = FORMS[form]
    assert as_dict(complete(source)) == EMPTY | expected


def test_what_is_written_is_seen_and_kept():
    written = 'input { name: "INPUT1" data_type: TYPE_FP32 dims: 4 optional: true } max_batch_size: 0'
    names = [tensor.name for tensor in complete(DOCUMENTED, written).inputs]
    assert names == ["INPUT1", "INPUT0"]


def test_a_contradiction_to_what_is_written_is_told():
    source = untold("config.set_max_batch_size(2)")
    assert "max_batch_size 8 is written" in str(complete(source, "max_batch_size: 8").unknown)


@pytest.mark.parametrize("case", UNTOLD)
def test_what_the_source_does_not_tell_is_unknown_with_its_line(case):
    body, reason = UNTOLD[case]
    unknown = complete(untold(body)).unknown
    assert unknown is not None
    assert re.search(reason, str(unknown))
    assert unknown.line >= 1


def test_only_the_piece_is_unknown_that_is_not_told():
    completion = complete(
        untold("""
            config.add_input({"name": "X", "data_type": pb_utils.kind(), "dims": [1]})
            config.add_output({"name": "Y", "data_type": "TYPE_FP32", "dims": [1]})
            config.set_max_batch_size(4)
        """)
    )
    assert "'pb_utils' is imported" in str(completion.inputs)
    assert completion.outputs[0].name == "Y"
    assert completion.max_batch_size == 4


def test_the_line_is_that_of_the_file():
    source = untold('names = json.loads("[]")\nconfig.add_input(names[0])')
    unknown = complete(source).unknown
    assert "import json" in source.splitlines()[unknown.line - 1]


@pytest.mark.parametrize(
    "source",
    [
        "x = 'a' * 10 ** 9",
        "x = [0] * 10 ** 9",
        "x = [[0] * 9999] * 9999\ny = x == x",
        "x = 2 ** 2 ** 99",
        "x = 10 ** 9\nfor i in range(x): pass",
        "x = [1]\nwhile True: x = x + x",
        "x = 'ab'\nwhile True: x = x * 100",
        "x = [1]\nfor i in range(99): x = [x, x]\ny = str(x) == str(x)\nz = x == [x]",
        "x = (1,)\nfor i in range(99): x = (x, x)\ny = {x: 1}",
        "x = []\nx.append(x)\ny = x == x\nz = sorted([x, x])",
        "def f(): return f() + f()\nx = f()",
        "def f(n): return [f(n + 1) for i in range(9)]\nx = f(0)",
        "x = f'{1:>999999999}'",
        "x = '%999999999d' % 1",
        "x = sum([[0] * 9999] * 9999, [])",
        "x = [i for i in range(9999) for j in range(9999)]",
        "class A(metaclass=print): pass",
        "__import__('os').abort()",
        "exec('raise SystemExit')",
        "import os; os._exit(3)",
    ],
)
def test_hostile_sources_cost_little_and_run_nothing(source):
    begun = time.process_time()
    completion = complete(f"{source}\n{DOCUMENTED}")
    assert time.process_time() - begun < 5
    # Either the source cannot be followed that far, or it makes no difference.
    assert completion.unknown or as_dict(completion) == EMPTY | FORMS["the documented example"][1]


def test_warnings_of_a_source_are_not_told():
    body = 'config.add_output({"name": "Y", "data_type": "TYPE_FP32", "dims": [1], "why": "\\d"})'
    assert "'why' is no member" in str(complete(untold(body)).unknown)


def test_a_source_that_is_too_long_tells_nothing(read):
    long = f"{DOCUMENTED}\n# {'x' * 256 * 1024}"
    assert "too long" in str(complete(long).unknown)
    assert completes_its_config(read({"model.py": long}), "model.py")


@pytest.mark.parametrize("source", ["def (", "\0", "(" * 100_000, "-" * 50_000 + "1"])
def test_what_is_not_python_is_refused_in_words(source):
    with pytest.raises(ArtifactError, match=r"1/model\.py"):
        read_model_source(source, "1/model.py")


_LINES = [line for source, _ in FORMS.values() for line in source.splitlines()]


@pytest.mark.property
@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(st.sampled_from(_LINES), max_size=40))
def test_any_mixture_of_lines_is_read_or_refused(lines):
    try:
        completion = complete("\n".join(lines))
    except ArtifactError:
        return
    assert isinstance(completion, Completion)


_SNIPPETS = st.sampled_from(
    [
        "config.add_input({'name': 'X', 'data_type': 'TYPE_FP32', 'dims': [1]})",
        "config.add_output({'name': 'Y', 'data_type': 'TYPE_FP32', 'dims': [n]})",
        "n += 1",
        "names.append(n)",
        "names = names + names",
        "for n in names: names.append(n)",
        "while n: n -= 1",
        "config.as_dict()[n] = names",
        "config = config.as_dict()",
        "del config",
        "unknown(names)",
        "if unknown: names = [1]",
        "n = names[0] if names else config",
        "[config.set_max_batch_size(i) for i in names]",
        "with config as names: n = 3",
        "config.as_dict()['input'] = names",
        "(n, *names), config.x = names, n",
        "lambda: config",
        "names[n:] = [n]",
        "n = {n: names, **{}}",
        "n = -n or not n",
        "global names",
        "yield n",
        "return config",
    ]
)


@pytest.mark.property
@settings(deadline=None)
@given(st.lists(_SNIPPETS, max_size=12))
def test_any_mixture_of_statements_is_read(snippets):
    body = "\n".join(["n, names = 1, [2]", *snippets])
    try:
        completion = complete(untold(body))
    except ArtifactError:
        return
    assert isinstance(completion, Completion)


_STEPS = st.sampled_from(
    [
        "n = n + 1",
        "n -= 2",
        "n = -n",
        "n = len(names) * 2",
        "names.append(n)",
        "names = names + [n]",
        "names += [n, n]",
        "names = [*names, 7]",
        "names = list(names)",
        "other = names",
        "other = [each * 2 for each in names if each]",
        "other = other[1:]",
        "other.extend(names)",
        "names, other = other, names",
        "n, *rest = names",
        "n = max(names)",
        "n = names[-1] if names else 0",
        "d['a'] = n",
        "d['b'] = names",
        "d.update(c=n)",
        "d = dict(d, a=1)",
        "d.setdefault('e', []).append(n)",
        "for n in d.values(): other = [n]",
        "for n in names: d[str(n)] = n\nelse: n = 5",
        "for n in (1, 2, 3):\n    if n == 2: continue\n    names.append(n)",
        "while n > 0: n -= 3",
        "if n > 2: names = []\nelif n: other = names\nelse: d = {}",
        "n = 3 if n in names else 4",
        "n = n and len(d) or 9",
        "n = sorted([n, 3, 1])[1]",
        "n = sum(range(abs(3)))",
        "n, names = bump(n, names)",
        "names = bump(1, names=names)[1]",
        "text = f'{n}_x'\nd[text] = text.upper()",
        "import random\nrandom.seed(n)",
        "import copy\nother = copy.copy(names)",
        "import os\nif os.sep == '/': names.append(1)",
        "try: n = n // 2\nexcept ValueError: n = 0",
        "with open('/dev/null') as file: n = 8",
        "del other\nother = [1]",
        "HELD[0] += n\nn = HELD[0]",
        "def inner(): return n\nn = inner() + 1",
        "n = (lambda: n)()",
        "config.as_dict()['max_batch_size'] = 6",
        "config.set_dynamic_batching()",
        "config.as_dict()['input'] = []",
        "import functools\nfunctools.partial(names.append, 3)()",
        "config.add_input({'name': 'Z', 'data_type': 'TYPE_INT8', 'dims': names})",
    ]
)
_FOLLOWED = """
HELD = [0]

def bump(n, names, by=[1]):
    by.append(n)
    names.append(len(by))
    return len(by), names

class TritonPythonModel:
    def auto_complete_config(config):
        n, names, other, d = 1, [2], [3], {{}}
{steps}
        config.set_max_batch_size(100)
        config.add_input({{"name": "X", "data_type": "TYPE_FP32", "dims": list(names)}})
        config.add_output({{"name": "Y", "data_type": "TYPE_FP32", "dims": [len(d), len(other)]}})
        return config
"""


class _Handed:
    """What the steps get when they are run for once."""

    def __init__(self):
        recorded = RecordedConfig({"name": "wine", "max_batch_size": 0, "input": [], "output": []})
        self.as_dict = recorded.as_dict
        self.add_input, self.add_output = recorded.add_input, recorded.add_output
        self.set_max_batch_size = recorded.set_max_batch_size
        self.set_dynamic_batching = recorded.set_dynamic_batching


@pytest.mark.property
@settings(deadline=None)
@given(st.lists(_STEPS, max_size=8))
def test_what_is_told_is_what_running_it_would_do(steps):
    source = _FOLLOWED.format(steps=textwrap.indent("\n".join(steps), " " * 8))
    names, handed = {}, _Handed()
    try:
        exec(source, names)  # our own steps
        names["TritonPythonModel"].auto_complete_config(handed)
    except Exception:  # noqa: BLE001  # whatever the steps do: Triton would not load this
        return
    completion, made = complete(source), handed.as_dict()
    for kind, told in (("input", completion.inputs), ("output", completion.outputs)):
        if not isinstance(told, Unknown):
            assert [(each.name, list(each.dims)) for each in told] == [
                (each["name"], each["dims"]) for each in made[kind]
            ]
    assert isinstance(completion.max_batch_size, Unknown) or completion.max_batch_size == 100
    if not isinstance(completion.dynamic_batching, Unknown):
        assert completion.dynamic_batching == ("dynamic_batching" in made)
