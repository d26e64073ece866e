"""Package a trained model as a container image.

Everything that plugins and programs may use is exported here; the rest may change at any time.
Names are imported when they are first asked for, so that importing the package costs next to nothing.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .artifact.reading import open_artifact as open_artifact
    from .cli.console import to_stderr as to_stderr
    from .cli.console import to_stdout as to_stdout
    from .cli.console import visible as visible
    from .cli.lazy import Deferred as Deferred
    from .cli.lazy import LazyGroup as LazyGroup
    from .cli.options import debug_option as debug_option
    from .errors import ArtifactError as ArtifactError
    from .errors import Cancelled as Cancelled
    from .errors import DependencyError as DependencyError
    from .errors import EngineError as EngineError
    from .errors import OdahuPackError as OdahuPackError
    from .errors import PlanError as PlanError
    from .errors import PluginError as PluginError
    from .errors import RegistryError as RegistryError
    from .errors import SpecError as SpecError
    from .errors import UsageError as UsageError
    from .errors import did_you_mean as did_you_mean
    from .events import Decision as Decision
    from .events import Event as Event
    from .events import EventSink as EventSink
    from .events import Notice as Notice
    from .events import Output as Output
    from .events import Progress as Progress
    from .events import RunFailed as RunFailed
    from .events import RunFinished as RunFinished
    from .events import StepFinished as StepFinished
    from .events import StepStarted as StepStarted
    from .names import ARTIFACT_ROOT as ARTIFACT_ROOT
    from .names import DEFAULT_IMAGE_NAME as DEFAULT_IMAGE_NAME
    from .names import IMAGE_USER as IMAGE_USER
    from .names import LABEL_PREFIX as LABEL_PREFIX
    from .names import MODEL_ENVIRONMENT as MODEL_ENVIRONMENT
    from .names import MODEL_PYTHON as MODEL_PYTHON
    from .names import RUNTIME_ROOT as RUNTIME_ROOT
    from .pipeline.local.prepare import prepare_local as prepare_local
    from .pipeline.local.program import LocalProgram as LocalProgram
    from .pipeline.planning import plan_model as plan_model
    from .pipeline.run import package_model as package_model
    from .plan.artifact import ArtifactEntry as ArtifactEntry
    from .plan.artifact import ModelArtifact as ModelArtifact
    from .plan.base import BaseFacts as BaseFacts
    from .plan.base import BaseImage as BaseImage
    from .plan.base import BasePython as BasePython
    from .plan.base import SitePackages as SitePackages
    from .plan.build_plan import BASE_BLOCK as BASE_BLOCK
    from .plan.build_plan import Block as Block
    from .plan.build_plan import BuildPlan as BuildPlan
    from .plan.build_plan import FilesLayer as FilesLayer
    from .plan.build_plan import ResolvedImage as ResolvedImage
    from .plan.build_plan import ResolvedPlan as ResolvedPlan
    from .plan.dependencies import read_conda_file as read_conda_file
    from .plan.environment import CondaFile as CondaFile
    from .plan.environment import Dependencies as Dependencies
    from .plan.environment import EnvironmentLayer as EnvironmentLayer
    from .plan.files import ArtifactFile as ArtifactFile
    from .plan.files import Folder as Folder
    from .plan.files import Link as Link
    from .plan.files import PlannedFile as PlannedFile
    from .plan.files import TextFile as TextFile
    from .plan.gppi_image import GppiArguments as GppiArguments
    from .plan.gppi_image import GppiImage as GppiImage
    from .plan.gppi_image import code_files as code_files
    from .plan.gppi_image import gppi_image as gppi_image
    from .plan.image_name import render_image_name as render_image_name
    from .plan.instruction import AddLayer as AddLayer
    from .plan.instruction import Cmd as Cmd
    from .plan.instruction import Copy as Copy
    from .plan.instruction import Entrypoint as Entrypoint
    from .plan.instruction import Env as Env
    from .plan.instruction import Expose as Expose
    from .plan.instruction import From as From
    from .plan.instruction import Instruction as Instruction
    from .plan.instruction import Label as Label
    from .plan.instruction import Run as Run
    from .plan.instruction import User as User
    from .plan.instruction import Workdir as Workdir
    from .plan.job import PULL_TARGET as PULL_TARGET
    from .plan.job import PUSH_TARGET as PUSH_TARGET
    from .plan.job import PackagingJob as PackagingJob
    from .plan.layer_tar import TarSource as TarSource
    from .plan.reference import ImageReference as ImageReference
    from .plugins.catalog import PluginCatalog as PluginCatalog
    from .plugins.discovery import BrokenPlugin as BrokenPlugin
    from .plugins.markers import hookimpl as hookimpl
    from .plugins.protocols import Build as Build
    from .plugins.protocols import BuildRequest as BuildRequest
    from .plugins.protocols import Credentials as Credentials
    from .plugins.protocols import Engine as Engine
    from .plugins.protocols import ImageOutput as ImageOutput
    from .plugins.protocols import Packager as Packager
    from .plugins.protocols import PendingLayer as PendingLayer
    from .plugins.protocols import RegistryAccess as RegistryAccess
    from .plugins.records import DOCKER_TARGETS as DOCKER_TARGETS
    from .plugins.records import ArtifactReaderRecord as ArtifactReaderRecord
    from .plugins.records import ConnectionTypeRecord as ConnectionTypeRecord
    from .plugins.records import EngineRecord as EngineRecord
    from .plugins.records import PackagerRecord as PackagerRecord
    from .plugins.records import TargetRule as TargetRule
    from .result import PackagingResult as PackagingResult
    from .result import PublishedImage as PublishedImage
    from .spec.connection import Connection as Connection
    from .spec.document import parse_documents as parse_documents
    from .spec.entity import StrictModel as StrictModel
    from .spec.integration import PackagingIntegration as PackagingIntegration
    from .spec.loading import load_entities as load_entities
    from .spec.manifest import GppiManifest as GppiManifest
    from .spec.manifest import ManifestPart as ManifestPart
    from .spec.manifest import ModelText as ModelText
    from .spec.origin import Origin as Origin
    from .spec.origin import Problem as Problem
    from .spec.packaging import ModelPackaging as ModelPackaging
    from .spec.validation import validate_document as validate_document

__all__ = [
    "ARTIFACT_ROOT",
    "BASE_BLOCK",
    "DEFAULT_IMAGE_NAME",
    "DOCKER_TARGETS",
    "IMAGE_USER",
    "LABEL_PREFIX",
    "MODEL_ENVIRONMENT",
    "MODEL_PYTHON",
    "PULL_TARGET",
    "PUSH_TARGET",
    "RUNTIME_ROOT",
    "AddLayer",
    "ArtifactEntry",
    "ArtifactError",
    "ArtifactFile",
    "ArtifactReaderRecord",
    "BaseFacts",
    "BaseImage",
    "BasePython",
    "Block",
    "BrokenPlugin",
    "Build",
    "BuildPlan",
    "BuildRequest",
    "Cancelled",
    "Cmd",
    "CondaFile",
    "Connection",
    "ConnectionTypeRecord",
    "Copy",
    "Credentials",
    "Decision",
    "Deferred",
    "Dependencies",
    "DependencyError",
    "Engine",
    "EngineError",
    "EngineRecord",
    "Entrypoint",
    "Env",
    "EnvironmentLayer",
    "Event",
    "EventSink",
    "Expose",
    "FilesLayer",
    "Folder",
    "From",
    "GppiArguments",
    "GppiImage",
    "GppiManifest",
    "ImageOutput",
    "ImageReference",
    "Instruction",
    "Label",
    "LazyGroup",
    "Link",
    "LocalProgram",
    "ManifestPart",
    "ModelArtifact",
    "ModelPackaging",
    "ModelText",
    "Notice",
    "OdahuPackError",
    "Origin",
    "Output",
    "Packager",
    "PackagerRecord",
    "PackagingIntegration",
    "PackagingJob",
    "PackagingResult",
    "PendingLayer",
    "PlanError",
    "PlannedFile",
    "PluginCatalog",
    "PluginError",
    "Problem",
    "Progress",
    "PublishedImage",
    "RegistryAccess",
    "RegistryError",
    "ResolvedImage",
    "ResolvedPlan",
    "Run",
    "RunFailed",
    "RunFinished",
    "SitePackages",
    "SpecError",
    "StepFinished",
    "StepStarted",
    "StrictModel",
    "TarSource",
    "TargetRule",
    "TextFile",
    "UsageError",
    "User",
    "Workdir",
    "code_files",
    "debug_option",
    "did_you_mean",
    "gppi_image",
    "hookimpl",
    "load_entities",
    "open_artifact",
    "package_model",
    "parse_documents",
    "plan_model",
    "prepare_local",
    "read_conda_file",
    "render_image_name",
    "to_stderr",
    "to_stdout",
    "validate_document",
    "visible",
]

_HOMES = {
    "artifact.reading": ("open_artifact",),
    "cli.console": (
        "to_stderr",
        "to_stdout",
        "visible",
    ),
    "cli.lazy": (
        "Deferred",
        "LazyGroup",
    ),
    "cli.options": ("debug_option",),
    "errors": (
        "ArtifactError",
        "Cancelled",
        "DependencyError",
        "EngineError",
        "OdahuPackError",
        "PlanError",
        "PluginError",
        "RegistryError",
        "SpecError",
        "UsageError",
        "did_you_mean",
    ),
    "events": (
        "Decision",
        "Event",
        "EventSink",
        "Notice",
        "Output",
        "Progress",
        "RunFailed",
        "RunFinished",
        "StepFinished",
        "StepStarted",
    ),
    "names": (
        "ARTIFACT_ROOT",
        "DEFAULT_IMAGE_NAME",
        "IMAGE_USER",
        "LABEL_PREFIX",
        "MODEL_ENVIRONMENT",
        "MODEL_PYTHON",
        "RUNTIME_ROOT",
    ),
    "pipeline.local.prepare": ("prepare_local",),
    "pipeline.local.program": ("LocalProgram",),
    "pipeline.planning": ("plan_model",),
    "pipeline.run": ("package_model",),
    "plan.artifact": (
        "ArtifactEntry",
        "ModelArtifact",
    ),
    "plan.base": (
        "BaseFacts",
        "BaseImage",
        "BasePython",
        "SitePackages",
    ),
    "plan.build_plan": (
        "BASE_BLOCK",
        "Block",
        "BuildPlan",
        "FilesLayer",
        "ResolvedImage",
        "ResolvedPlan",
    ),
    "plan.dependencies": ("read_conda_file",),
    "plan.environment": (
        "CondaFile",
        "Dependencies",
        "EnvironmentLayer",
    ),
    "plan.files": (
        "ArtifactFile",
        "Folder",
        "Link",
        "PlannedFile",
        "TextFile",
    ),
    "plan.gppi_image": (
        "GppiArguments",
        "GppiImage",
        "code_files",
        "gppi_image",
    ),
    "plan.image_name": ("render_image_name",),
    "plan.instruction": (
        "AddLayer",
        "Cmd",
        "Copy",
        "Entrypoint",
        "Env",
        "Expose",
        "From",
        "Instruction",
        "Label",
        "Run",
        "User",
        "Workdir",
    ),
    "plan.job": (
        "PULL_TARGET",
        "PUSH_TARGET",
        "PackagingJob",
    ),
    "plan.layer_tar": ("TarSource",),
    "plan.reference": ("ImageReference",),
    "plugins.catalog": ("PluginCatalog",),
    "plugins.discovery": ("BrokenPlugin",),
    "plugins.markers": ("hookimpl",),
    "plugins.protocols": (
        "Build",
        "BuildRequest",
        "Credentials",
        "Engine",
        "ImageOutput",
        "Packager",
        "PendingLayer",
        "RegistryAccess",
    ),
    "plugins.records": (
        "DOCKER_TARGETS",
        "ArtifactReaderRecord",
        "ConnectionTypeRecord",
        "EngineRecord",
        "PackagerRecord",
        "TargetRule",
    ),
    "result": (
        "PackagingResult",
        "PublishedImage",
    ),
    "spec.connection": ("Connection",),
    "spec.document": ("parse_documents",),
    "spec.entity": ("StrictModel",),
    "spec.integration": ("PackagingIntegration",),
    "spec.loading": ("load_entities",),
    "spec.manifest": (
        "GppiManifest",
        "ManifestPart",
        "ModelText",
    ),
    "spec.origin": (
        "Origin",
        "Problem",
    ),
    "spec.packaging": ("ModelPackaging",),
    "spec.validation": ("validate_document",),
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> Any:  # noqa: ANN401  # any exported object
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f".{_HOME_OF[name]}", __name__), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
