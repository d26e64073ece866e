"""EngineContract: what every engine promises, as tests that a plugin's own tests inherit."""

from __future__ import annotations

from .contract_faults import FaultContract
from .contract_image import ImageContract
from .contract_outputs import OutputContract


class EngineContract(ImageContract, OutputContract, FaultContract):
    """What every engine promises: the same plan makes the same files and settings, and faults are told alike.

    A subclass sets ``record`` and gives the fixtures ``subject`` and ``registry``, and ``shell_base`` where
    the record says ``runs``: class methods of class scope. It may override ``left``. The base image that most
    tests build upon is pushed to the registry by the contract itself.

    Example:
        >>> class TestMyEngine(EngineContract):
        ...     record = my_engine_record
        ...
        ...     @pytest.fixture(scope="class")
        ...     @classmethod
        ...     def subject(cls):
        ...         return MyEngine(os.environ)
        ...
        ...     @pytest.fixture(scope="class")
        ...     @classmethod
        ...     def registry(cls):
        ...         return KnownRegistry("127.0.0.1:5000")
    """
