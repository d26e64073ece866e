"""ModelPackaging: the request to package one trained model."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator
from pydantic.functional_validators import AfterValidator, BeforeValidator

from .entity import Entity, Identifier, StrictModel, Text
from .quantity import parse_quantity


def _text_of_number(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _checked_quantity(value: str) -> str:
    parse_quantity(value)
    return value


Quantity = Annotated[
    str, BeforeValidator(_text_of_number), Field(strict=True), AfterValidator(_checked_quantity)
]
"""A Kubernetes quantity; a bare number in YAML is read as its text."""


class ResourceAmounts(StrictModel):
    """Amounts of compute resources."""

    cpu: Quantity | None = None
    memory: Quantity | None = None
    gpu: Quantity | None = None


_DEFAULT_LIMITS = ResourceAmounts(cpu="2", memory="2Gi")
_DEFAULT_REQUESTS = ResourceAmounts(cpu="1", memory="1Gi")


class Resources(StrictModel):
    """Limits and requests of a packaging in a cluster, each one filled in; requests never exceed limits."""

    limits: ResourceAmounts = ResourceAmounts()
    requests: ResourceAmounts = ResourceAmounts()

    @field_validator("limits", "requests", mode="before")
    @classmethod
    def _null_is_absent(cls, value: object) -> object:
        return ResourceAmounts() if value is None else value

    @model_validator(mode="after")
    def _filled_in(self) -> Resources:
        limits, requests = {}, {}
        for name in ("cpu", "memory", "gpu"):
            limit, request = getattr(self.limits, name), getattr(self.requests, name)
            limits[name] = limit or getattr(_DEFAULT_LIMITS, name)
            requests[name] = request or _default_request(name, limits[name])
            if request and limits[name] and parse_quantity(request) > parse_quantity(limits[name]):
                said = f"{'is' if limit else 'is by default'} {limits[name]}"
                raise ValueError(f"requests.{name} {request} is too much: limits.{name} {said}")
        object.__setattr__(self, "limits", ResourceAmounts(**limits))
        object.__setattr__(self, "requests", ResourceAmounts(**requests))
        return self


def _default_request(name: str, limit: str | None) -> str | None:
    """Return the smaller of the default request and the limit."""
    default: str | None = getattr(_DEFAULT_REQUESTS, name)
    if limit is None or default is None:
        return default or limit
    return min(default, limit, key=parse_quantity)


class Target(StrictModel):
    """A connection that a packager is given for one of its targets."""

    name: Text
    connection_name: Text


class PackagingSpec(StrictModel):
    """What to package, with which packager, and where to send the image."""

    integration_name: Text
    artifact_name: Text | None = None
    arguments: dict[str, Any] = Field(default_factory=dict)
    targets: tuple[Target, ...] = Field(default=(), strict=False)
    resources: Resources = Resources()
    output_connection: Identifier | None = None
    node_selector: dict[str, str] | None = None
    image: str | None = None

    @field_validator("artifact_name")
    @classmethod
    def _is_a_name(cls, value: str | None) -> str | None:
        if value is not None and (not {"/", "\\", "\0"}.isdisjoint(value) or value in {".", ".."}):
            raise ValueError("artifactName is a file's name, not a path; give a path with --artifact")
        return value

    @field_validator("arguments", "targets", "resources", mode="before")
    @classmethod
    def _null_is_absent(cls, value: object, context: Any) -> object:  # noqa: ANN401  # pydantic's own type is generic
        if value is not None:
            return value
        return cls.model_fields[context.field_name].get_default(call_default_factory=True)


class Result(StrictModel):
    """One named result of a packaging, such as ``image``."""

    name: Text
    value: str


class PackagingStatus(StrictModel):
    """What became of a packaging; ``results`` starts with ``image``."""

    state: str | None = None
    pod_name: str | None = None
    reason: str | None = None
    message: str | None = None
    exit_code: int | None = None
    results: tuple[Result, ...] | None = Field(default=None, strict=False)


class ModelPackaging(Entity):
    """The request to package one trained model as an image."""

    kind: Literal["ModelPackaging"] = "ModelPackaging"
    spec: PackagingSpec
    status: PackagingStatus | None = None
