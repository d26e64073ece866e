"""PackagingIntegration: how a packager is offered, with its targets and argument schema."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from .entity import Entity, StrictModel, Text


def _refuse_repeated(what: str, names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise ValueError(f"{what} {name!r} stands here more than once")


class TargetSchema(StrictModel):
    """One target of a packager: which connection types may fill it."""

    name: Text
    connection_types: tuple[Text, ...] = Field(min_length=1, strict=False)
    required: bool = False
    default: str | None = None

    @field_validator("required", mode="before")
    @classmethod
    def _null_is_false(cls, value: object) -> object:
        return False if value is None else value


class Parameter(StrictModel):
    """One JSON Schema keyword of an argument, such as ``default`` or ``minimum``."""

    name: Text
    value: Any


class ArgumentProperty(StrictModel):
    """One argument and the JSON Schema keywords that hold for it."""

    name: Text
    parameters: tuple[Parameter, ...] = Field(default=(), strict=False)

    @field_validator("parameters", mode="before")
    @classmethod
    def _null_is_empty(cls, value: object) -> object:
        return () if value is None else value

    @model_validator(mode="after")
    def _keywords_once(self) -> ArgumentProperty:
        _refuse_repeated("parameter", [parameter.name for parameter in self.parameters])
        return self

    def keywords(self) -> dict[str, Any]:
        """Return the JSON Schema keywords of this argument."""
        return {parameter.name: parameter.value for parameter in self.parameters}


class ArgumentsSchema(StrictModel):
    """The arguments of a packager as a JSON Schema in ODAHU's list form."""

    properties: tuple[ArgumentProperty, ...] = Field(default=(), strict=False)
    required: tuple[Text, ...] = Field(default=(), strict=False)

    @field_validator("properties", "required", mode="before")
    @classmethod
    def _null_is_empty(cls, value: object) -> object:
        return () if value is None else value

    @model_validator(mode="after")
    def _arguments_once(self) -> ArgumentsSchema:
        _refuse_repeated("argument", [argument.name for argument in self.properties])
        return self


class IntegrationSchema(StrictModel):
    """Targets and arguments of a packager."""

    targets: tuple[TargetSchema, ...] = Field(default=(), strict=False)
    arguments: ArgumentsSchema = Field(default_factory=ArgumentsSchema)

    @field_validator("targets", "arguments", mode="before")
    @classmethod
    def _null_is_empty(cls, value: object, context: Any) -> object:  # noqa: ANN401  # pydantic's own type is generic
        if value is not None:
            return value
        return cls.model_fields[context.field_name].get_default(call_default_factory=True)

    @model_validator(mode="after")
    def _targets_once(self) -> IntegrationSchema:
        _refuse_repeated("target", [target.name for target in self.targets])
        return self


class IntegrationSpec(StrictModel):
    """Which packager stands behind an integration, and what it offers."""

    packager: Text | None = None
    entrypoint: str | None = None
    default_image: str | None = None
    privileged: bool | None = None
    schema_: IntegrationSchema = Field(default_factory=IntegrationSchema, alias="schema")

    @field_validator("schema_", mode="before")
    @classmethod
    def _null_is_empty(cls, value: object) -> object:
        return IntegrationSchema() if value is None else value


class IntegrationStatus(StrictModel):
    """Kept for ODAHU's sake; always empty."""


class PackagingIntegration(Entity):
    """A packager as the user sees it: its id is a packaging's ``integrationName``."""

    kind: Literal["PackagingIntegration"] = "PackagingIntegration"
    spec: IntegrationSpec
    status: IntegrationStatus | None = None
