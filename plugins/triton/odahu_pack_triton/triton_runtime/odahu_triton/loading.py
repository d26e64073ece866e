"""Loading the GPPI model that lies beside the entry point."""

import contextlib
import os
import sys
from functools import lru_cache
from typing import Iterator, Tuple

from gppi_runtime import UNKNOWN, EntrypointError, Model, ModelError, Signature, load_model, read_facts

FACTS = "model.json"
ARTIFACT = "artifact"


@lru_cache(maxsize=None)
def load_described(folder: str) -> Tuple[Model, Signature]:
    """Load a model, once in a process, and ask it what its inputs and outputs are.

    Args:
        folder: the version's folder in Triton's model repository.

    Raises:
        EntrypointError: the model cannot be loaded.
    """
    facts = read_facts(os.path.join(folder, FACTS))
    # As images of docker-rest have them; there may be other models beside this one.
    os.environ["ODAHU_MODEL_NAME"] = facts.name
    os.environ["ODAHU_MODEL_VERSION"] = facts.version
    model = load_model(os.path.join(folder, ARTIFACT), facts)
    try:
        return model, model.signature()
    except EntrypointError as error:
        # A model can predict without describing itself.
        log_error(error)
        return model, UNKNOWN


@contextlib.contextmanager
def log_failure() -> Iterator[None]:
    """Log the model's own traceback before Triton gets the error, which shows ours alone."""
    try:
        yield
    except ModelError as error:
        log_error(error)
        raise


def log_error(error: ModelError) -> None:
    """Write the model's traceback and what it means to standard error, which is Triton's log."""
    with contextlib.suppress(BaseException):  # a model may close, replace or break its stderr
        sys.stderr.write(f"{error.details}{error.message}\n")
        sys.stderr.flush()
