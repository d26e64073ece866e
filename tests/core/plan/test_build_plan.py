"""What a build plan promises: it begins with its base, adds each layer once, and shows a Dockerfile."""

import pytest

from odahu_pack_core.errors import PlanError, PluginError
from odahu_pack_core.plan.base import BaseFacts, BaseImage
from odahu_pack_core.plan.build_plan import Block, BuildPlan, FilesLayer, ResolvedImage
from odahu_pack_core.plan.dockerfile import parse_dockerfile
from odahu_pack_core.plan.files import TextFile
from odahu_pack_core.plan.instruction import AddLayer, From, Label, Run
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.result import PackagingResult, PublishedImage

BASE = BaseImage(ImageReference.parse("python:3.6"))
START = Block("base", (From("python:3.6"),))
MODEL = Block("model", (AddLayer("model"),))
LAYER = FilesLayer.of("model", [TextFile("/m", b"")])
DIGEST = "sha256:" + "0" * 64


def plan(*, blocks=(START, MODEL), layers=(LAYER,), **more):
    return BuildPlan("test", ImageReference.parse("x:1"), BASE, blocks, layers, **more)


@pytest.mark.parametrize(
    "parts",
    [
        pytest.param({"blocks": ()}, id="nothing"),
        pytest.param({"blocks": (MODEL,)}, id="no base"),
        pytest.param({"blocks": (MODEL, START)}, id="base not first"),
        pytest.param({"blocks": (Block("base", (From("python:3.7"),)), MODEL)}, id="another base"),
        pytest.param({"blocks": (Block("start", (From("python:3.6"),)), MODEL)}, id="base by another name"),
        pytest.param({"blocks": (START, MODEL, Block("more", (From("python:3.6"),)))}, id="a second stage"),
        pytest.param({"blocks": (START, MODEL, Block("model", ()))}, id="two blocks of one name"),
        pytest.param({"blocks": (START,)}, id="a layer that nobody adds"),
        pytest.param({"layers": ()}, id="a layer that is not there"),
        pytest.param({"layers": (LAYER, LAYER)}, id="two layers of one name"),
        pytest.param(
            {"blocks": (START, MODEL, Block("more", (AddLayer("model"),)))}, id="a layer added twice"
        ),
        pytest.param({"platforms": ()}, id="no platform"),
        pytest.param({"platforms": ("linux",)}, id="half a platform"),
        pytest.param({"platforms": ("linux/amd64\n",)}, id="a platform of two lines"),
    ],
)
def test_no_plan(parts):
    with pytest.raises(PlanError) as caught:
        plan(**parts)
    assert caught.value.code == "bad-plan"


@pytest.mark.parametrize("name", ["", "Acme", "a-b", "1a", "a b", "a\n", "é"])
def test_a_block_is_named_so_that_a_template_can_say_it(name):
    with pytest.raises(PlanError, match="is not a block's name"):
        Block(name, ())


TEAM = Block("acme", (Label("com.acme.team", "risk"),))


@pytest.mark.parametrize("template", ["", "{{ base }}\n# The model.\n{{ model }}"])
def test_a_block_that_is_added_stands_at_the_end(template):
    amended = plan(template=template).with_block(TEAM)
    assert amended.instructions[-1] == Label("com.acme.team", "risk")
    text = amended.dockerfile()
    assert text.endswith('\n# acme\nLABEL com.acme.team="risk"\n')
    assert parse_dockerfile(text) == amended.instructions


def test_a_block_that_is_added_again_takes_its_own_place():
    amended = plan(template="{{ base }}\n{{ model }}").with_block(TEAM).with_block(Block("acme", ()))
    assert amended.blocks == (START, MODEL, Block("acme", ()))
    assert "LABEL" not in amended.dockerfile()
    again = plan(template="{{ base }}\n{{ model }}").with_block(
        Block("model", (*MODEL.instructions, *TEAM.instructions))
    )
    assert again.instructions == (*START.instructions, *MODEL.instructions, *TEAM.instructions)


def test_a_resolved_image_shows_what_engines_execute():
    facts = BaseFacts(
        ImageReference.parse(f"python:3.6@{DIGEST}"), "", "linux/amd64", "3.6", "/usr/local/bin/python3"
    )
    blocks = (
        Block("base", (From(str(facts.reference)),)),
        Block("model", (Run(("conda", "env", "create")),)),
    )
    resolved = ResolvedImage(facts, (), blocks, template="{{ base }}\n{{ model }}")
    assert resolved.dockerfile() == f'FROM python:3.6@{DIGEST}\nRUN ["conda", "env", "create"]\n'


IMAGE = PublishedImage(ImageReference.parse("gcr.io/x/wine:1"), DIGEST)


def test_the_image_is_the_first_result_and_its_digest_the_second():
    result = PackagingResult(IMAGE, (("size", "12"),))
    status = result.status()
    assert [(r.name, r.value) for r in status.results] == [
        ("image", "gcr.io/x/wine:1"),
        ("digest", DIGEST),
        ("size", "12"),
    ]
    assert status.state == "succeeded"
    assert PackagingResult(PublishedImage(IMAGE.reference, "")).results == (("image", "gcr.io/x/wine:1"),)


@pytest.mark.parametrize(
    "extra",
    [
        (("image", "x"),),
        (("a", "1"), ("a", "2")),
        (("a", 1),),
        (("", "x"),),
        ("ab",),
        (("a",),),
        ((None, "x"),),
    ],
)
def test_results_have_names_of_their_own_and_are_texts(extra):
    with pytest.raises(PluginError) as caught:
        PackagingResult(IMAGE, extra)
    assert caught.value.code == "bad-result"
