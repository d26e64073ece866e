"""The examples on the pages of rules on tensors and scheduling: each is a configuration, or a part of one."""

import re

import pytest

from odahu_pack_triton.config import read_config
from odahu_pack_triton.lint import RULES

_AROUND = (
    "{}",
    "ensemble_scheduling {{ {} }}",
    "sequence_batching {{ {} }}",
    "sequence_batching {{ state {{ {} }} }}",
)
_EXAMPLES = [
    (code, example)
    for code, rule in RULES.items()
    if code.startswith(("TR2", "TR3"))
    for example in re.findall(r"```proto\n(.*?)```", rule.page, re.DOTALL)
]


def test_every_page_has_an_example():
    codes = {code for code in RULES if code.startswith(("TR2", "TR3"))}
    assert {code for code, _ in _EXAMPLES} == codes


@pytest.mark.parametrize(("code", "example"), _EXAMPLES, ids=[code for code, _ in _EXAMPLES])
def test_an_example_can_be_read(code, example):
    assert any(not read_config(around.format(example)).faults for around in _AROUND), code
