"""TR0xx: what cannot be read, what the release cannot read, what is said twice or not meant."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Final

from odahu_pack_core import did_you_mean
from odahu_pack_triton.config import place_at
from odahu_pack_triton.config.history import first_release
from odahu_pack_triton.config.remarks import remarks_of
from odahu_pack_triton.config.structure import doubtful_templates
from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import RULES, Fault, Subject, rule

_MOST_REMARKS: Final = 50
_UNREADABLE: Final = "\ufffd"
_FILLS_IN_ITSELF: Final = "tensorrtllm"
"""This backend takes a parameter that is an unfilled template as one that is not given."""


@rule("TR001", "syntax", Severity.ERROR, reads_text=True)
def syntax(subject: Subject) -> Iterator[Fault]:
    """`config.pbtxt` is not a model configuration in protobuf's text format.

    Triton reads the file with protobuf's parser and [its own schema][schema]. What the parser refuses, an
    unknown field, a value of another type, a bracket that is not closed, makes the server skip the model:
    it logs `Error parsing text-format inference.ModelConfig` and says `failed to poll from model
    repository`.

    ```proto
    input [ { name: "IMAGE" data_type: TYPE_FLOAT dims: [ 3, 224, 224, ] shape: [ 3 ] } ]
    ```

    Data types are `TYPE_FP32`, `TYPE_INT64`, `TYPE_STRING` and so on; lists end without a comma; the shape
    of a tensor is called `dims`:

    ```proto
    input [ { name: "IMAGE" data_type: TYPE_FP32 dims: [ 3, 224, 224 ] } ]
    ```

    Other rules look at the file once it can be read.

    [schema]: https://github.com/triton-inference-server/common/blob/main/protobuf/model_config.proto
    """
    for fault in subject.config.faults:
        if not fault.template:
            yield Fault(fault.reason, place=fault.place)


@rule("TR002", "template-not-filled", Severity.ERROR, reads_text=True)
def template_not_filled(subject: Subject) -> Iterator[Fault]:
    """A template such as `${batch_size}` was not filled in.

    Configurations of TensorRT-LLM and of many pipelines are templates. Outside of quotes Triton cannot parse
    what is left of them; within quotes it takes it for the name of a model, a tensor, a file, which then is
    not there.

    ```proto
    name: "${model_name}"
    max_batch_size: ${triton_max_batch_size}
    ```

    Fill it in before it is packaged, for instance with `fill_template.py` of [TensorRT-LLM's backend][fill]:

    ```proto
    name: "ensemble"
    max_batch_size: 8
    ```

    `$$TRITON_MODEL_DIRECTORY` is no template: the Python backend replaces it.

    [fill]: https://github.com/triton-inference-server/tensorrtllm_backend/blob/main/tools/fill_template.py
    """
    for fault in subject.config.faults:
        if fault.template:
            yield Fault(fault.reason, place=fault.place)


@rule("TR003", "field-newer-than-release", Severity.ERROR)
def field_newer_than_release(subject: Subject) -> Iterator[Fault]:
    """A field is newer than the Triton release that is to read it.

    A release refuses the whole file where it holds a field that its schema does not have, whatever the
    field's value is: `Message type "inference.ModelConfig" has no field named "runtime"`.

    ```proto
    backend: "pytorch"
    runtime: "model.py"  # Triton 24.01 and newer
    ```

    Leave the field out, or choose a `triton_base_image_tag` that knows it.

    Which release brought which field is read off the schemas of
    [tritonclient](https://pypi.org/project/tritonclient/#history), of which each release has one.
    """
    version = subject.release.version
    for owner, name, place in subject.config.walked.names:
        first = first_release(owner, name)
        if first > version:
            hint = f"leave it out, or choose triton_base_image_tag {first}-py3 or newer"
            yield Fault(
                f"Triton {version} does not know {name}, which came with {first}", place=place, hint=hint
            )


@rule("TR004", "written-twice", Severity.WARNING)
def written_twice(subject: Subject) -> Iterator[Fault]:
    """A value is written twice, and the last one counts.

    Protobuf takes two entries of a map with one key, and a second value where the first was 0, false or
    empty. The first one is lost without a word.

    ```proto
    parameters { key: "threads" value { string_value: "4" } }
    parameters { key: "threads" value { string_value: "8" } }
    ```

    Write each once. Where the first value is anything else, the file is [refused](TR001.md).
    """
    for owner, name, place in subject.config.walked.repeats:
        yield Fault(f"{name} of {owner} is written twice; the last one counts", place=place)


@rule("TR005", "template-in-parameter", Severity.WARNING)
def template_in_parameter(subject: Subject) -> Iterator[Fault]:
    """A parameter's value looks like a template that nobody filled in.

    Triton hands parameters on to the backend as they are written, so the model sees the text
    `${tokenizer_dir}`.

    ```proto
    parameters { key: "tokenizer_dir" value { string_value: "${tokenizer_dir}" } }
    ```

    Fill it in. The TensorRT-LLM backend takes such a parameter for one that is not given, so nothing is
    said of its models.
    """
    if subject.message.backend == _FILLS_IN_ITSELF:
        return
    for template, place in doubtful_templates(subject.config.text):
        yield Fault(f"the template {template} is not filled in; the backend sees it as it is", place=place)


@rule("TR006", "remark-without-effect", Severity.WARNING)
def remark_without_effect(subject: Subject) -> Iterator[Fault]:
    """A comment for the linter has no effect.

    `# odahu-pack: ignore TR305` anywhere in `config.pbtxt` switches a rule off for this model; several
    codes are separated by blanks or commas, and a reason may follow. Rules without which nothing can be
    read, TR001 and TR002, and this one, cannot be switched off.

    ```proto
    # odahu-pack: ignore TR999
    ```
    """
    for remark in islice(remarks_of(subject.config.text), _MOST_REMARKS):
        if remark.verb != "ignore":
            yield Fault(
                f"unknown remark {remark.verb[:40]!r}; write: odahu-pack: ignore TR305", place=remark.place
            )
        elif not remark.code:
            yield Fault(
                "this remark names no rule; write for example: odahu-pack: ignore TR305", place=remark.place
            )
        elif remark.code not in RULES:
            near = did_you_mean(remark.code, RULES) if len(remark.code) < len("TR0000") else ""
            hint = near if near.startswith("did you mean") else "all rules: odahuflowctl triton rule"
            yield Fault(f"there is no rule {remark.code[:40]!r}", place=remark.place, hint=hint)
        elif not RULES[remark.code].can_be_ignored:
            yield Fault(f"{remark.code} cannot be switched off", place=remark.place)


@rule("TR007", "not-utf-8", Severity.WARNING)
def not_utf_8(subject: Subject) -> Iterator[Fault]:
    """`config.pbtxt` is not UTF-8 everywhere.

    Triton loads such a file. Where the bytes stand in a name or a parameter, clients that ask for the
    configuration get an error, since protobuf sends no text but UTF-8.

    Save the file as UTF-8.
    """
    text = subject.config.text
    first = text.find(_UNREADABLE)
    if first >= 0:
        yield Fault("this is not UTF-8", place=place_at(text, first))
