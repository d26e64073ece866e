"""The ``config.pbtxt`` of a GPPI model: what the artifact has, completed."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from odahu_pack_core import ArtifactError, Decision, ModelArtifact, PlanError
from odahu_pack_triton.arguments import TritonArguments
from odahu_pack_triton.config import CONFIG, ENVIRONMENT_PARAMETER, ModelConfig, parse_config
from odahu_pack_triton.config.history import first_release
from odahu_pack_triton.formats import PYTHON
from odahu_pack_triton.generation.addition import addition
from odahu_pack_triton.generation.draft import Draft, DraftTensor
from odahu_pack_triton.releases import RELEASES, Release

from .description import NotToldError, read_description

_INSTANCE: Final = "instance_group { count: 1 kind: KIND_CPU }"
_TENSORS: Final = f"inputs and outputs in {CONFIG}"


def gppi_config(artifact: ModelArtifact, arguments: TritonArguments) -> tuple[str, tuple[Decision, ...]]:
    """Return the text of the configuration, and why it is so.

    Args:
        artifact: The GPPI artifact; a ``config.pbtxt`` at its root is completed.
        arguments: The packaging's arguments.

    Raises:
        ArtifactError: What is written is wrong, or inputs and outputs are missing and nothing adds them.
        PlanError: Two places say different things.
    """
    text = artifact.read_text(CONFIG) if artifact.has(CONFIG) else ""
    written = parse_config(text)
    _check_environment(written)
    size, size_decision = _batch(written, arguments)
    draft, tensors_decision = _draft(artifact, written, arguments.release, size)
    lines = [text.rstrip("\n"), addition(draft, written, PYTHON).rstrip("\n")]
    if not written.message.instance_group:
        lines.append(_INSTANCE)
    return "\n".join(filter(None, lines)) + "\n", (size_decision, tensors_decision)


def _check_environment(written: ModelConfig) -> None:
    if written.environment:
        raise PlanError(
            f"{CONFIG} names the environment {written.environment!r}, but the model's conda file makes one",
            code="two-environments",
            hint=f"remove {ENVIRONMENT_PARAMETER} from {CONFIG}",
        )


def _batch(written: ModelConfig, arguments: TritonArguments) -> tuple[int, Decision]:
    """Return the largest batch, 0 for none, and why it is this."""
    subject, asked, in_config = "max_batch_size", arguments.written_batch_size, written.message.max_batch_size
    if written.place((subject,)) is None:
        size = arguments.max_batch_size
        reason = "maxBatchSize" if asked is not None else "the default of maxBatchSize"
        return size, Decision(subject, str(size), f"{reason}: rows in a request, and in several put together")
    if asked not in {None, in_config}:
        raise PlanError(
            f"maxBatchSize is {asked}, but {CONFIG} of the artifact has max_batch_size {in_config}",
            code="two-batch-sizes",
            hint="write it in one place only",
        )
    return int(in_config), Decision(subject, str(in_config), f"{CONFIG} of the artifact")


def _draft(
    artifact: ModelArtifact, written: ModelConfig, release: Release, size: int
) -> tuple[Draft, Decision]:
    """Return what is to be added, and where inputs and outputs come from."""
    nothing = Draft("", (), (), max_batch_size=size, dynamic_batching=size > 0)
    if written.message.input and written.message.output:
        return nothing, Decision(_TENSORS, "as written", f"the artifact has a {CONFIG}")
    try:
        description = read_description(artifact)
    except NotToldError as error:
        _check_completes(release, str(error))
        reason = f"Triton asks info() when it loads the model, since the source alone does not tell: {error}"
        return nothing, Decision(_TENSORS, "added by Triton", reason)
    inputs, obligatory = _for_release(description.inputs(batched=size > 0), release)
    outputs = description.outputs(batched=size > 0)
    draft = Draft(description.origin, inputs, outputs, max_batch_size=size, dynamic_batching=size > 0)
    names = ", ".join(tensor.name for tensor in (*inputs, *outputs))
    reason = f"read from {description.origin}, without running it{obligatory}"
    return draft, Decision(_TENSORS, names, reason)


def _for_release(inputs: tuple[DraftTensor, ...], release: Release) -> tuple[tuple[DraftTensor, ...], str]:
    """Return inputs as a release knows them, and what is to be said of that."""
    if release.version >= first_release("ModelInput", "optional") or not any(
        each.optional for each in inputs
    ):
        return inputs, ""
    required = tuple(replace(each, optional=False) for each in inputs)
    return required, f"; Triton {release.version} wants every input, since it knows no optional ones"


def _check_completes(release: Release, reason: str) -> None:
    if release.completes_python:
        return
    first = next(r.version for r in RELEASES.values() if r.completes_python)
    raise ArtifactError(
        f"inputs and outputs are not known: {reason}; and Triton {release.version} does not ask the model",
        code="config-missing",
        hint=f"choose triton_base_image_tag {first}-py3 or newer, have info() return literals, "
        f"or add a {CONFIG} with input and output to the artifact",
    )
