"""TR40x: instance groups."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

from odahu_pack_triton.config import FieldPath
from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule

from .facts import backend_of, shown

_CPU, _MODEL = "KIND_CPU", "KIND_MODEL"
_TENSORRT: Final = "tensorrt"
_PROFILE: Final = re.compile(r"\s*\+?[0-9]+")


@rule("TR401", "gpus-without-gpu-kind", Severity.ERROR)
def gpus_without_gpu_kind(subject: Subject) -> Iterator[Fault]:
    """An instance group lists GPUs, but its kind does not run on GPUs of its choice.

    Triton refuses the model: `has kind KIND_CPU but specifies one or more GPUs`
    ([model_config_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/model_config_utils.cc)).
    Instead of

    ```proto
    instance_group { kind: KIND_CPU gpus: [ 0 ] }
    ```

    leave `gpus` out, or write `kind: KIND_GPU`.
    """
    for index, group in _groups(subject):
        kind = _kind(group)
        if group.gpus and kind in {_CPU, _MODEL}:
            at = ("instance_group", index, "gpus")
            yield Fault(f"an instance group of {kind} lists GPUs", at, "leave gpus out, or write KIND_GPU")


@rule("TR402", "negative-gpu", Severity.ERROR)
def negative_gpu(subject: Subject) -> Iterator[Fault]:
    """An instance group lists a GPU below 0.

    GPUs are counted from 0; Triton refuses the model: `invalid or unsupported gpu id`
    ([instance groups](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#instance-groups)).
    For all GPUs leave `gpus` out:

    ```proto
    instance_group { kind: KIND_GPU }
    ```
    """
    for index, group in _groups(subject):
        for position, gpu in enumerate(group.gpus):
            if gpu < 0 and _kind(group) not in {_CPU, _MODEL}:
                at = ("instance_group", index, "gpus", position)
                yield Fault(f"there is no GPU {gpu}", at, "for all GPUs leave gpus out")


@rule("TR403", "gpu-twice", Severity.WARNING)
def gpu_twice(subject: Subject) -> Iterator[Fault]:
    """An instance group lists a GPU twice.

    Triton makes `count` instances for each entry of the list, so that this GPU has twice as many
    ([instance groups](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#instance-groups)).
    Write `count` instead:

    ```proto
    instance_group { kind: KIND_GPU gpus: [ 0 ] count: 2 }
    ```
    """
    for index, group in _groups(subject):
        seen = set()
        for position, gpu in enumerate(group.gpus):
            if gpu in seen:
                at = ("instance_group", index, "gpus", position)
                yield Fault(f"GPU {gpu} is listed twice", at, "write count for several instances")
            seen.add(gpu)


@rule("TR404", "instance-count", Severity.WARNING)
def instance_count(subject: Subject) -> Iterator[Fault]:
    """An instance group has a count below 1.

    Triton takes the backend's default, which is 1 or 2 instances, rather than none
    ([model_config_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/model_config_utils.cc)).
    Write how many:

    ```proto
    instance_group { kind: KIND_CPU count: 4 }
    ```
    """
    may_be_written = "count" in subject.config.text
    for index, group in _groups(subject):
        at = ("instance_group", index, "count")
        if group.count < 0 or (group.count == 0 and may_be_written and _is_written(subject, at)):
            yield Fault(f"count: {group.count} means the default, not none", at, "write 1 or more")


@rule("TR405", "only-passive-instances", Severity.ERROR)
def only_passive_instances(subject: Subject) -> Iterator[Fault]:
    """All instance groups are passive, so that nothing answers a request.

    A passive instance is loaded and never run: it waits for a backend that makes use of it
    ([model_config.proto](https://github.com/triton-inference-server/common/blob/main/protobuf/model_config.proto)).
    Triton loads the model, and the first request ends the server. Leave `passive` out of one group at least:

    ```proto
    instance_group [ { kind: KIND_CPU }, { kind: KIND_CPU passive: true } ]
    ```
    """
    groups = list(_groups(subject))
    if groups and all(group.passive for _, group in groups):
        yield Fault("all instances are passive", ("instance_group", 0, "passive"), "leave passive out")


@rule("TR406", "profile-without-tensorrt", Severity.ERROR)
def profile_without_tensorrt(subject: Subject) -> Iterator[Fault]:
    """An instance group of another backend than TensorRT has `profile`.

    Triton refuses the model: `specifies profile field which is only supported for TensorRT models`
    ([model_config_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/model_config_utils.cc)).
    Leave it out:

    ```proto
    instance_group { kind: KIND_GPU }
    ```
    """
    backend = backend_of(subject)
    for index, group in _groups(subject):
        if group.profile and backend not in {"", _TENSORRT}:
            at = ("instance_group", index, "profile")
            yield Fault(f"profile is for TensorRT, not for {shown(backend)}", at, "leave it out")


@rule("TR407", "profile-not-a-number", Severity.ERROR)
def profile_not_a_number(subject: Subject) -> Iterator[Fault]:
    """A TensorRT optimization profile is not named by its index.

    Triton refuses the model: a profile is `the string representation of a non-negative integer`
    ([model_config_utils.cc](https://github.com/triton-inference-server/core/blob/main/src/model_config_utils.cc)).
    The first one is

    ```proto
    instance_group { kind: KIND_GPU profile: [ "0" ] }
    ```
    """
    if backend_of(subject) != _TENSORRT:
        return
    for index, group in _groups(subject):
        for position, profile in enumerate(group.profile):
            if not _PROFILE.match(profile):
                at = ("instance_group", index, "profile", position)
                yield Fault(f"profile {shown(profile)} is no index", at, 'write one such as "0"')


@rule("TR408", "instance-name-twice", Severity.WARNING)
def instance_name_twice(subject: Subject) -> Iterator[Fault]:
    """Two instance groups have one name.

    Nothing tells their instances apart in logs and metrics
    ([instance groups](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/model_configuration.md#instance-groups)).
    Leave the names out, and Triton numbers the groups.
    """
    names = Counter(group.name for _, group in _groups(subject))
    for index, group in _groups(subject):
        if group.name and names[group.name] > 1:
            at = ("instance_group", index, "name")
            yield Fault(f"several instance groups are called {shown(group.name)}", at, "rename one")
            names[group.name] = 0


@rule("TR409", "tensorrt-without-gpu", Severity.ERROR)
def tensorrt_without_gpu(subject: Subject) -> Iterator[Fault]:
    """A TensorRT model is to run on the CPU.

    Triton refuses the model: `TensorRT backend supports only GPU device`
    ([instance_state.cc](https://github.com/triton-inference-server/tensorrt_backend/blob/main/src/instance_state.cc)).
    Write

    ```proto
    instance_group { kind: KIND_GPU }
    ```
    """
    if backend_of(subject) != _TENSORRT:
        return
    for index, group in _groups(subject):
        if _kind(group) in {_CPU, _MODEL}:
            at = ("instance_group", index, "kind")
            yield Fault(f"TensorRT models do not run as {_kind(group)}", at, "write KIND_GPU")


@rule("TR410", "secondary-device-ignored", Severity.WARNING)
def secondary_device_ignored(subject: Subject) -> Iterator[Fault]:
    """`secondary_devices` is written for another backend than TensorRT.

    They name the deep learning accelerators (DLA) of a Jetson, which TensorRT alone uses
    ([model_config.proto](https://github.com/triton-inference-server/common/blob/main/protobuf/model_config.proto)).
    """
    backend = backend_of(subject)
    for index, group in _groups(subject):
        if group.secondary_devices and backend not in {"", _TENSORRT}:
            at = ("instance_group", index, "secondary_devices", 0)
            yield Fault(f"{shown(backend)} has no use for secondary_devices", at, "leave it out")


@rule("TR411", "rate-limiter-resource", Severity.WARNING)
def rate_limiter_resource(subject: Subject) -> Iterator[Fault]:
    """A resource of the rate limiter limits nothing, or is named twice.

    An instance waits until `count` of the resource called `name` is free; with no count it never waits
    ([rate limiter](https://github.com/triton-inference-server/server/blob/main/docs/user_guide/rate_limiter.md)).

    ```proto
    rate_limiter { resources { name: "memory" count: 4 } }
    ```
    """
    for index, group in _groups(subject):
        seen = set()
        for position, resource in enumerate(group.rate_limiter.resources):
            at = ("instance_group", index, "rate_limiter", "resources", position)
            if not resource.name:
                yield Fault("a resource has no name", at)
            elif resource.count == 0:
                yield Fault(f"the resource {shown(resource.name)} has no count", at, "write 1 or more")
            elif (resource.name, getattr(resource, "global")) in seen:
                yield Fault(f"the resource {shown(resource.name)} is written twice", at)
            seen.add((resource.name, getattr(resource, "global")))


def _groups(subject: Subject) -> Iterator[tuple[int, Any]]:
    """Yield the instance groups; an ensemble may have none, which another rule tells."""
    if not subject.message.HasField("ensemble_scheduling"):
        yield from enumerate(subject.message.instance_group)


def _is_written(subject: Subject, at: FieldPath) -> bool:
    return subject.config.place(at) != subject.config.place(at[:-1])


def _kind(group: Any) -> str:  # noqa: ANN401  # protobuf's messages have no types of their own
    values = group.DESCRIPTOR.fields_by_name["kind"].enum_type.values_by_number
    return str(values[group.kind].name) if group.kind in values else ""
