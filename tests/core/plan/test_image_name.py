"""Image names made of templates, whatever the model and the user write."""

import re
import time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odahu_pack_core.errors import SpecError
from odahu_pack_core.names import DEFAULT_IMAGE_NAME
from odahu_pack_core.plan import image_template
from odahu_pack_core.plan.image_name import image_reference, render_image_name, render_name
from odahu_pack_core.plan.reference import ImageReference
from tests.core.plan.strategies import hostile_texts

RUN = "ec1bf1cd-216d-4f0a-a62f-bf084c79c58c"


def render(template, name="wine", version="0.1"):
    return render_image_name(template, name=name, version=version, random_uuid=RUN)


def pushed(template, uri, name="wine", version="0.1"):
    return str(image_reference(render_name(template, name=name, version=version, random_uuid=RUN), uri))


def refusal(template, name="wine", version="0.1"):
    with pytest.raises(SpecError) as caught:
        render(template, name, version)
    return caught.value.message


@pytest.mark.parametrize(
    ("template", "name"),
    [
        (DEFAULT_IMAGE_NAME, f"wine-0-1:{RUN}"),
        ("wine-test:prefix-{{ RandomUUID }}", f"wine-test:prefix-{RUN}"),
        ("triton-model:prefix-{{ RandomUUID }}", f"triton-model:prefix-{RUN}"),
        ("myservice:123", "myservice:123"),
        ("{{ Name }}:{{ Version }}", "wine:0.1"),
        ("{{Name}}", "wine"),
        ("Team/{{ Name }}:V{{ Version }}", "team/wine:V0.1"),
        ("localhost:5000/{{ Name }}", "localhost:5000/wine"),
        ("{{ Name }}:{{ Version }}-{{ Name|upper }}", "wine:0.1-WINE"),
        ("{{ Name|replace('w', 'f') }}:1", "fine:1"),
        ("{{ Name|truncate(3, true, '', 0) }}:1", "win:1"),
        ("{{ Name|default('x') ~ '/' ~ Version }}:1", "wine-0-1:1"),
        ("{{- Name -}}:1", "wine:1"),
    ],
)
def test_a_template(template, name):
    assert render(template) == name


def test_the_documented_results():
    uri = "gcr.io/project/odahuflow"
    uuid = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
    assert re.fullmatch(rf"gcr\.io/project/odahuflow/wine-0-1:{uuid}", pushed(DEFAULT_IMAGE_NAME, uri))
    custom = pushed("wine-test:prefix-{{ RandomUUID }}", uri)
    assert re.fullmatch(rf"gcr\.io/project/odahuflow/wine-test:prefix-{uuid}", custom)


def test_a_uuid_is_made_where_none_is_given():
    UUID(render_image_name("x:{{ RandomUUID }}", name="n", version="1").partition(":")[2])


@pytest.mark.parametrize(
    ("name", "version", "rendered"),
    [
        ("Wine Model", "1.0+b", "wine-model-1-0-b:1.0-b"),
        ("--wine__", "..1", "wine-1:_.1"),
        ("a/b:c@d", "v/1:2", "a-b-c-d-v-1-2:v-1-2"),
        ("Weißwein 酒", "-1", "wei-wein-1:_1"),
        ("a\x02b\x03c", "1\x03:evil\x02", "a-b-c-1-evil:1--evil-"),
    ],
)
def test_a_value_is_cleaned_and_separates_nothing(name, version, rendered):
    assert render("{{ Name }}-{{ Version }}:{{ Version }}", name, version) == rendered


def test_a_value_makes_no_host():
    assert pushed("{{ Name }}/x:1", "gcr.io/p", name="localhost") == "gcr.io/p/localhost/x:1"
    with pytest.raises(SpecError, match="would be read as a registry"):
        pushed("{{ Name }}/x:1", None, name="localhost")


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("", "the end cannot stand here"),
        ("a b", "' ' cannot stand here in an image name\na b\n ^"),
        ("wine:1/2:", "makes an empty tag"),
        ("wine:", "makes an empty tag"),
        ("wine:{{ Name|replace('wine', '') }}", "makes an empty tag"),
        ("wine:a b", "' ' cannot stand here in a tag\na b\n ^"),
        ("wine:.a", "'.' cannot stand here in a tag"),
        ("wine@sha256:abc", "a digest cannot be chosen"),
        ("wine:1@x", "a digest cannot be chosen"),
        ("a:b:c", "':' cannot stand here in an image name\na:b\n ^"),
        ("gcr.io/", "the end cannot stand here"),
        ("a_b.io/x", "'_' cannot stand here in an image name\na_b.io/x\n ^"),
        (f"wine:{'x' * 129}", "makes a tag of 129 characters, more than 128"),
        ("wine/" * 60 + "x", "more than 255"),
        ("x" * 1025, "longer than 1024"),
        ("a\nRUN x", "holds a control character"),
        (
            "{{ name }}",
            "unknown variable 'name'; did you mean 'Name'? (there are: Name, Version, RandomUUID)",
        ),
        ("{{ Foo }}", "unknown variable 'Foo'; known: Name, RandomUUID, Version"),
        ("{{ Name|shell }}", "unknown filter 'shell'"),
        ("{{ Name|lowr }}", "unknown filter 'lowr'; did you mean 'lower'?"),
        ("{{ Name", "imageName '{{ Name': "),
        ("{% if true %}x{% endif %}", "are not allowed"),
        ("{% raw %}x{% endraw %}", "are not allowed"),
        ("x{# hidden #}", "are not allowed"),
        ("{{ Name.upper() }}", "only names, texts and filters"),
        ("{{ ''.__class__.__mro__ }}", "only names, texts and filters"),
        ("{{ Name * 100 }}", "only names, texts and filters"),
        ("{{ [Name] }}", "only names, texts and filters"),
        ("{{ Name if Version else 1 }}", "only names, texts and filters"),
        ("{{ Name|truncate(2) }}", "expected length"),
        ("{{ Name|truncate('x') }}", "imageName"),
        ("{{ Name|replace('a') }}", "imageName"),
        ("{{ Name|replace(old='a', old='b') }}", "imageName"),
        ("{{ " + "(" * 500 + "Name" + ")" * 500 + " }}", "imageName"),
    ],
)
def test_what_makes_no_image_name(template, told):
    assert told in refusal(template)


def test_a_value_of_which_nothing_is_left():
    assert "the value '酒' has no letter or digit" in refusal("{{ Name }}:1", name="酒")


def test_a_replacement_cannot_grow_without_bound():
    started = time.process_time()
    assert "more than 1024 characters" in refusal("{{ Name" + "|replace('', 'aaaaaaaaaaaaaaa')" * 20 + " }}")
    assert time.process_time() - started < 2


@pytest.mark.parametrize(
    ("template", "uri", "reference"),
    [
        ("wine:1", "gcr.io/project", "gcr.io/project/wine:1"),
        ("wine:1", "https://gcr.io/project/", "gcr.io/project/wine:1"),
        ("wine:1", "localhost:5000", "localhost:5000/wine:1"),
        ("wine", "gcr.io", "gcr.io/wine:latest"),
        ("gcr.io/project/wine:1", "gcr.io/project", "gcr.io/project/wine:1"),
        ("GCR.io/wine:1", "gcr.IO", "gcr.IO/wine:1"),
        ("gcr.io/projects/wine:1", "gcr.io/project", "gcr.io/project/projects/wine:1"),
        ("project/wine:1", "gcr.io/project", "gcr.io/project/project/wine:1"),
        ("wine:1", None, "wine:1"),
        ("gcr.io/wine:1", None, "gcr.io/wine:1"),
    ],
)
def test_a_name_under_its_push_target(template, uri, reference):
    assert pushed(template, uri) == reference


def test_another_registry_than_the_push_targets():
    with pytest.raises(
        SpecError, match=r"begins with the registry docker\.io, but docker-push sends to gcr\.io"
    ):
        pushed("docker.io/wine:1", "gcr.io/project")


LITERALS = st.text(st.sampled_from("aB0.-_/:@ {}%"), max_size=6)
EXPRESSIONS = st.sampled_from(
    [
        "{{ Name }}",
        "{{ Version }}",
        "{{ RandomUUID }}",
        "{{ Name|upper }}",
        "{{ Name ~ ':' ~ Version }}",
        "{{ '/x:y@z' }}",
    ]
)
TEMPLATES = st.lists(LITERALS | EXPRESSIONS, max_size=6).map("".join)


@pytest.mark.property
@given(template=TEMPLATES, name=hostile_texts, version=hostile_texts, uuid=hostile_texts)
def test_whatever_is_written_makes_a_reference_or_an_error(template, name, version, uuid):
    try:
        rendered = render_image_name(template, name=name, version=version, random_uuid=uuid or "u")
    except SpecError:
        return
    assert str(ImageReference.parse(rendered)) == rendered


@pytest.mark.property
@given(template=TEMPLATES, name=hostile_texts, version=hostile_texts)
def test_under_a_push_target_it_never_leaves_its_uri(template, name, version):
    try:
        reference = pushed(template, "https://gcr.io/project/odahuflow/", name, version)
    except SpecError:
        return
    assert str(ImageReference.parse(reference)) == reference
    assert ImageReference.parse(reference).name.startswith("gcr.io/project/odahuflow/")


@pytest.mark.property
@given(
    parts=st.lists(
        st.sampled_from(["{{ Name }}", "{{Version}}", "{{  RandomUUID}}", "a/", ":", "-é", "#", "%"])
    ),
    value=hostile_texts,
)
def test_bare_variables_are_rendered_as_the_template_engine_does(parts, value):
    values = {"Name": value, "Version": f"1{value}", "RandomUUID": ""}
    template = "".join(parts)
    rendered = image_template._marked_variables(template, values)
    assert rendered == image_template._expanded(template, values)


@pytest.mark.parametrize(
    "template", ["{{ Name|upper }}", "{{ Nmae }}", "{% raw %}", "{# x #}", "a}}", "{{{ Name }}}"]
)
def test_whatever_is_no_bare_variable_is_left_to_the_template_engine(template):
    assert image_template._marked_variables(template, {"Name": "wine"}) is None


@pytest.mark.property
@given(name=hostile_texts, version=hostile_texts)
def test_values_never_change_the_shape_of_a_name(name, version):
    try:
        rendered = render("a/{{ Name }}/{{ Version }}:t-{{ Name }}-{{ Version }}", name, version)
    except SpecError as error:
        assert "has no letter or digit" in error.message  # noqa: PT017  # not every example fails
        return
    assert re.fullmatch(r"a/[a-z0-9-]+/[a-z0-9-]+:t-[A-Za-z0-9_.-]*-[A-Za-z0-9_.-]*", rendered)
