"""Package a trained model as a container image.

Everything that plugins and programs may use is exported here; the rest may change at any time.
"""

from .errors import (
    ArtifactError,
    Cancelled,
    DependencyError,
    EngineError,
    OdahuPackError,
    PlanError,
    PluginError,
    RegistryError,
    SpecError,
    UsageError,
    did_you_mean,
)
from .events import (
    Decision,
    Event,
    EventSink,
    Notice,
    Output,
    Progress,
    RunFailed,
    RunFinished,
    StepFinished,
    StepStarted,
)
from .names import (
    ARTIFACT_ROOT,
    DEFAULT_IMAGE_NAME,
    IMAGE_USER,
    LABEL_PREFIX,
    MODEL_ENVIRONMENT,
    MODEL_PYTHON,
    RUNTIME_ROOT,
)
from .plan.artifact import ArtifactEntry, ModelArtifact
from .plan.base import BaseFacts, BaseImage
from .plan.build_plan import Block, BuildPlan, FilesLayer, ResolvedPlan
from .plan.environment import CondaFile, Dependencies, EnvironmentLayer
from .plan.files import ArtifactFile, Folder, Link, PlannedFile, TextFile
from .plan.instruction import (
    AddLayer,
    Cmd,
    Copy,
    Entrypoint,
    Env,
    Expose,
    From,
    Instruction,
    Label,
    Run,
    User,
    Workdir,
)
from .plan.job import PackagingJob
from .plan.reference import ImageReference
from .plugins.hookspecs import hookimpl
from .plugins.protocols import (
    Build,
    BuildRequest,
    Credentials,
    Engine,
    Packager,
    RegistryAccess,
)
from .plugins.records import (
    ArtifactReaderRecord,
    ConnectionTypeRecord,
    EngineRecord,
    PackagerRecord,
    TargetRule,
)
from .result import PackagingResult, PublishedImage
from .spec.connection import Connection
from .spec.integration import PackagingIntegration
from .spec.packaging import ModelPackaging
