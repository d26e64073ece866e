"""TR60x: SavedModels: whether they hold what the TensorFlow backend serves."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from odahu_pack_triton.lint.finding import Severity
from odahu_pack_triton.lint.rule import Fault, Subject, rule
from odahu_pack_triton.model_files import (
    DEFAULT_SIGNATURE,
    DEFAULT_TAG,
    MetaGraph,
    ModelSignature,
    SavedModel,
)

from .facts import near, shown
from .model_files import files_of

_GRAPH_TAG = "TF_GRAPH_TAG"
_SIGNATURE = "TF_SIGNATURE_DEF"
_MOST_SHOWN = 5


def served_signatures(subject: Subject, model: SavedModel) -> dict[str, ModelSignature]:
    """Return the signatures of a SavedModel of which Triton serves one."""
    graph = _served_graph(subject, model)
    return graph.served(_parameter(subject, _SIGNATURE, DEFAULT_SIGNATURE)) if graph else {}


def _served_graph(subject: Subject, model: SavedModel) -> MetaGraph | None:
    return model.graph(_parameter(subject, _GRAPH_TAG, DEFAULT_TAG))


def _parameter(subject: Subject, key: str, default: str) -> str:
    parameters = subject.message.parameters
    return str(parameters[key].string_value or default) if key in parameters else default


@rule("TR607", "saved-model-without-signature", Severity.ERROR)
def saved_model_without_signature(subject: Subject) -> Iterator[Fault]:
    """A SavedModel has no graph or no signature that can be served.

    The TensorFlow backend loads the graph with the tag `serve`, or with that of the parameter `TF_GRAPH_TAG`,
    and needs a signature in it
    ([backend](https://github.com/triton-inference-server/tensorflow_backend#parameters)). Export the model
    with one:

    ```python
    tf.saved_model.save(module, "model.savedmodel", signatures=module.serve)
    ```
    """
    for file in files_of(subject):
        if not isinstance(file.content, SavedModel) or served_signatures(subject, file.content):
            continue
        if _served_graph(subject, file.content):
            yield Fault(f"{file.shown} has no signature", file=file.path, hint="export it with signatures=…")
            continue
        tag = _parameter(subject, _GRAPH_TAG, DEFAULT_TAG)
        tags = [known for graph in file.content.graphs for known in graph.tags]
        yield Fault(f"{file.shown} has no graph with the tag {shown(tag)}; {near(tag, tags)}", file=file.path)


@rule("TR608", "saved-model-without-variables", Severity.ERROR)
def saved_model_without_variables(subject: Subject) -> Iterator[Fault]:
    """The variables of a SavedModel are not there.

    A SavedModel is a folder: its weights lie in `variables/` ([the
    format](https://www.tensorflow.org/guide/saved_model#the_savedmodel_format_on_disk)). Without them
    TensorFlow loads the graph and every request fails: `Error while reading resource variable`. Copy the
    whole folder:

    ```text
    1/model.savedmodel/saved_model.pb
    1/model.savedmodel/variables/variables.index
    1/model.savedmodel/variables/variables.data-00000-of-00001
    ```
    """
    for file in files_of(subject):
        graph = _served_graph(subject, file.content) if isinstance(file.content, SavedModel) else None
        if graph is None or not graph.has_variables:
            continue
        variables = f"{posixpath.dirname(file.path)}/variables"
        names = set(subject.folder.names(variables))
        has_values = any(name.startswith("variables.data-") for name in names)
        if "variables.index" not in names or not has_values:
            message = f"{file.shown} reads variables, which the folder variables beside it does not hold"
            yield Fault(message, file=file.path)


@rule("TR609", "other-signature-served", Severity.WARNING)
def other_signature_served(subject: Subject) -> Iterator[Fault]:
    """A SavedModel lacks the signature that is asked for, so that another one is served.

    Where `serving_default`, or what the parameter `TF_SIGNATURE_DEF` names, is not there, the TensorFlow
    backend takes any other signature
    ([source](https://github.com/triton-inference-server/tensorflow_backend/blob/main/src/tensorflow_backend_tf.cc)),
    which may change from load to load where there are several. Name the one that is meant:

    ```proto
    parameters { key: "TF_SIGNATURE_DEF" value { string_value: "predict" } }
    ```
    """
    wanted = _parameter(subject, _SIGNATURE, DEFAULT_SIGNATURE)
    for file in files_of(subject):
        served = served_signatures(subject, file.content) if isinstance(file.content, SavedModel) else {}
        if served and wanted not in served:
            names = " or ".join(shown(name) for name in list(served)[:_MOST_SHOWN])
            message = f"{file.shown} has no signature {shown(wanted)}, so that {names} is served"
            hint = (
                f'write parameters {{ key: "{_SIGNATURE}" value {{ string_value: "{next(iter(served))}" }} }}'
            )
            yield Fault(message, ("parameters", _SIGNATURE), hint)
