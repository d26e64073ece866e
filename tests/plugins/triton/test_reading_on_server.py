"""Texts near valid ones: the linter cannot read exactly those that a real tritonserver cannot parse."""

import random

import pytest

from odahu_pack_core.testing import write_files
from odahu_pack_triton.config import read_config
from odahu_pack_triton.config.history import first_release
from tests.e2e.parts import docker_client
from tests.plugins.triton.server_ground import CRASHES, ServerGround
from tests.plugins.triton.test_fuzz import PIECES, TEXTS

pytestmark = [pytest.mark.engine, pytest.mark.triton]

RELEASE = "24.10"
REFUSED = "Error parsing text-format"
NEW = (
    *"{}[]<>,;:#\"'\\$-+. \t\n019aT_=()/\x1f",
    *(
        "\\d",
        "\\?",
        "\\x4",
        "1.5",
        "0x1",
        "010",
        "1_0",
        "+1",
        "true",
        "True",
        "no",
        "TYPE_STRING",
        "99999999999999999999",
    ),
    *("kind: KIND_CPU", "count: 1", 'parameters { key: "a" value { string_value: "b" } }', *PIECES),
)


@pytest.fixture(scope="module")
def ground(engine, triton_base, tmp_path_factory):
    client = docker_client(engine)
    with ServerGround(client, triton_base, tmp_path_factory.mktemp("repository")) as running:
        yield running
    client.close()


def changed(text, choose):
    """Return a text with up to two pieces taken out, put in, or put twice."""
    for _ in range(choose.randint(0, 2)):
        begin = choose.randrange(len(text) + 1)
        end = min(len(text), begin + choose.choice((0, 0, 1, 1, 2, 5, 9)))
        new = choose.choice(("", choose.choice(NEW), choose.choice(NEW), text[begin:end] * 2))
        text = text[:begin] + new + text[end:]
    return text


def cannot_be_read(text):
    """Tell whether the linter says that this release cannot parse a text; None where a template decides."""
    config = read_config(text)
    if any(fault.template for fault in config.faults):
        return None  # refused also where it stands in a text, which can be parsed
    return bool(config.faults) or any(
        first_release(name.owner, name.name) > RELEASE for name in config.walked.names
    )


@pytest.mark.parametrize(
    "seed", [*range(4), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(4, 40))]
)
def test_what_cannot_be_parsed_cannot_be_read(ground, tmp_path, seed):
    choose = random.Random(seed)
    others = 0
    for number in range(25):
        # A backend that is not there ends what would follow the parser.
        text = changed(choose.choice(TEXTS), choose).replace('backend: "python"', 'backend: "nothing"')
        expected = cannot_be_read(text)
        folder = tmp_path / str(number)
        write_files(folder, {f"m{number}/config.pbtxt": text, f"m{number}/1/model.txt": ""})
        refusal = ground.judge(folder, f"m{number}").refusal
        # The last words of a server that ends tell of earlier texts, too; this one it has parsed.
        is_refused = REFUSED in refusal and not refusal.startswith(CRASHES)
        others += not is_refused
        assert expected in {None, is_refused}, text
    assert 0 < others < 25
