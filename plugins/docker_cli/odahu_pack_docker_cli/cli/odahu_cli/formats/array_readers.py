"""Text of numbers read into arrays, by whatever library the model's environment has for it."""

import importlib
import importlib.util
import io
import random
import sys
import warnings
from functools import partial
from typing import Any, Callable, Optional, Tuple

Reader = Callable[[bytes, str, int], Any]

# Importing a library of this kind takes as long as reading a few MiB without it.
_WORTH_AN_IMPORT = 2 * 2**20
_NUMPY_WITH_C_PARSER = (1, 23)
# pyarrow reads blocks of a text at the same time; a row must fit into one.
_BLOCKS, _BLOCK = 4, 2**18


def _by_pandas(content: bytes, delimiter: str, _width: int, **precision: str) -> Any:
    pandas = sys.modules["pandas"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame = pandas.read_csv(
            io.BytesIO(content),
            sep=delimiter,
            header=None,
            dtype="float64",
            na_filter=False,
            engine="c",
            **precision,
        )
    return frame.to_numpy()


def _by_pyarrow(content: bytes, delimiter: str, width: int) -> Any:
    arrow, reader = sys.modules["pyarrow"], importlib.import_module("pyarrow.csv")
    names = [str(number) for number in range(width)]
    table = reader.read_csv(
        arrow.BufferReader(content),
        read_options=reader.ReadOptions(column_names=names, block_size=max(len(content) // _BLOCKS, _BLOCK)),
        parse_options=reader.ParseOptions(delimiter=delimiter),
        convert_options=reader.ConvertOptions(column_types=dict.fromkeys(names, arrow.float64())),
    )
    columns = [column.to_numpy() for column in table.columns]
    return importlib.import_module("numpy").column_stack(columns)


def _by_numpy(content: bytes, delimiter: str, _width: int) -> Any:
    numpy = sys.modules["numpy"]
    if tuple(map(int, numpy.__version__.split(".")[:2])) < _NUMPY_WITH_C_PARSER:
        raise ValueError("older ones read in Python")
    return numpy.loadtxt(io.BytesIO(content), delimiter=delimiter, comments=None, ndmin=2)


# The fastest first. pandas rounds wrongly by default in some versions, and is slower or warns otherwise.
_READERS: Tuple[Tuple[str, Reader], ...] = (
    ("pandas", _by_pandas),
    ("pandas", partial(_by_pandas, float_precision="round_trip")),
    ("pyarrow", _by_pyarrow),
    ("numpy", _by_numpy),
)


class ArrayReader:
    """Reads numbers with a library that was tried on hard ones first."""

    def __init__(self) -> None:
        self._seen = 0
        self._imported = False
        self._chosen: Optional[Reader] = None

    def __reduce__(self) -> Tuple[Any, ...]:
        """Begin anew in another process."""
        return ArrayReader, ()

    def read(self, content: bytes, delimiter: str, width: int) -> Optional[Any]:
        """Read rows of numbers.

        Args:
            content: digits, signs, points and exponents, delimiters and ends of lines; nothing else.
            delimiter: what separates cells.
            width: cells in a row.

        Returns:
            A two-dimensional array of 64-bit numbers; None where no library is there, or it refuses the text.
        """
        self._seen += len(content)
        if not self._imported:
            self._choose(import_them=self._seen > _WORTH_AN_IMPORT)
        if self._chosen is None:
            return None
        try:
            array = self._chosen(content, delimiter, width)
        except Exception:  # noqa: BLE001  # each library has errors of its own
            return None
        # A cell that is missing becomes NaN, which no text of this kind holds.
        return array if array.shape[1] == width and not has_nan(array) else None

    def _choose(self, *, import_them: bool) -> None:
        self._imported = import_them
        for name, reader in _READERS:
            if (name in sys.modules or (import_them and _imports(name))) and _is_exact(reader):
                self._chosen = reader
                return


def _imports(name: str) -> bool:
    try:
        importlib.import_module(name)
    except Exception:  # noqa: BLE001  # a broken library is as good as none
        return False
    return True


def _is_exact(reader: Reader) -> bool:
    texts = _hard_numbers()
    try:
        array = reader("\n".join(texts).encode("ascii"), ",", 1)
        return bool(array[:, 0].tolist() == list(map(float, texts)))
    except Exception:  # noqa: BLE001  # each library has errors of its own
        return False


def _hard_numbers() -> Tuple[str, ...]:
    """Write numbers of many digits and sizes, which careless parsers round wrongly."""
    chance = random.Random(0)  # noqa: S311  # for tests, not for secrets
    fractions = [repr(chance.uniform(-1, 1) * 10.0 ** chance.randint(-300, 300)) for _ in range(300)]
    long = [f"{chance.getrandbits(80)}.{chance.getrandbits(60)}" for _ in range(100)]
    return (*fractions, *long, "-0", "1e5", "5e-324", "0.1", "123456789012345678901234567890")


def has_nan(array: Any) -> bool:
    """Tell whether a number of an array is none."""
    return bool((array != array).any())  # noqa: PLR0124  # only NaN is not itself
