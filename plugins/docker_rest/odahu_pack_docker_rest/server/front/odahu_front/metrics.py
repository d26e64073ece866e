"""What the server counts, told in the words of Prometheus at ``/metrics``."""

import asyncio
import importlib
import time
from bisect import bisect_left
from collections import Counter
from typing import Any, Callable, Dict, Iterator, List, Sequence, Tuple

from .http.request import Exchange
from .http.response import Response
from .http.routes import Methods, reading
from .pool import Pool

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
_ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
# A request may name any path and nearly any method: only these become labels.
_METHODS = frozenset(["DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"])
_OTHER = "other"


class Distribution:
    """Counts observations by size.

    Args:
        bounds: the largest observation of each class, growing; a class without a bound follows.
    """

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self.total = 0.0

    def observe(self, size: float) -> None:
        """Count one observation."""
        self._counts[bisect_left(self._bounds, size)] += 1
        self.total += size

    def cumulated(self) -> List[Tuple[str, int]]:
        """Return the number of observations up to each bound, as Prometheus wants them."""
        pairs, seen = [], 0
        for bound, count in zip([*map(str, self._bounds), "+Inf"], self._counts):
            seen += count
            pairs.append((bound, seen))
        return pairs


class Metrics:
    """Counts answers and calls of the model.

    Args:
        name: the model's name.
        version: the model's version.
    """

    def __init__(self, name: str, version: str) -> None:
        self._model = (name, version)
        self._paths: Dict[str, Distribution] = {}
        self._answers: "Counter[Tuple[str, str, int]]" = Counter()
        self._calls = Distribution(_ROWS)

    def know(self, paths: Sequence[str]) -> None:
        """Count these paths by their names, all others together."""
        self._paths = {path: Distribution(_SECONDS) for path in [*paths, _OTHER]}

    def observe_answer(self, exchange: Exchange, response: Response, seconds: float) -> None:
        """Count an answer."""
        path, method = exchange.request.path, exchange.request.method
        if path not in self._paths:
            path = _OTHER
        if method not in _METHODS:
            method = _OTHER
        self._answers[path, method, response.status] += 1
        self._paths[path].observe(seconds)

    def observe_call(self, rows: int) -> None:
        """Count a call of the model."""
        self._calls.observe(rows)

    def table(self, pool: Pool, dropped: Callable[[], int]) -> Dict[str, Methods]:
        """Return the route of the metrics.

        Args:
            pool: whose workers and queue are told.
            dropped: tells how many lines of the access log were given up.
        """
        exposition = _Exposition(self, pool, dropped)
        return {"/metrics": reading(exposition.answer)}

    def families(self) -> Iterator[Any]:
        """Yield what was counted."""
        from prometheus_client import core  # noqa: PLC0415 - half of the front's start-up, and not needed by it

        model = core.InfoMetricFamily("odahu_model", "The model that is served")
        model.add_metric((), {"name": self._model[0], "version": self._model[1]})
        yield model
        answers = core.CounterMetricFamily(
            "odahu_requests", "Requests answered", labels=("path", "method", "status")
        )
        for (path, method, status), count in self._answers.items():
            answers.add_metric((path, method, str(status)), count)
        yield answers
        durations = core.HistogramMetricFamily(
            "odahu_request_duration_seconds", "From a request's head to its answer", labels=("path",)
        )
        for path in sorted({path for path, _, _ in self._answers}):
            distribution = self._paths[path]
            durations.add_metric((path,), distribution.cumulated(), distribution.total)
        yield durations
        calls = core.HistogramMetricFamily("odahu_batch_rows", "Rows in one call of the model")
        calls.add_metric((), self._calls.cumulated(), self._calls.total)
        yield calls


class _Exposition:
    """Metrics and the state of the pool as text; a collector of prometheus_client."""

    def __init__(self, metrics: Metrics, pool: Pool, dropped: Callable[[], int]) -> None:
        self._metrics = metrics
        self._pool = pool
        self._dropped = dropped
        self._begun = time.time()

    def answer(self, exchange: Exchange) -> None:
        # The first import takes longer than most predictions: they do not wait for it.
        loop = asyncio.get_event_loop()
        imported = loop.run_in_executor(None, importlib.import_module, "prometheus_client.exposition")
        imported.add_done_callback(lambda _: self._answer(exchange))

    def _answer(self, exchange: Exchange) -> None:
        from prometheus_client import CollectorRegistry  # noqa: PLC0415 - see Metrics.families
        from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest  # noqa: PLC0415

        registry = CollectorRegistry()
        registry.register(self)
        exchange.answer(Response(200, generate_latest(registry), (("content-type", CONTENT_TYPE_LATEST),)))

    def describe(self) -> List[Any]:
        return []  # spares prometheus_client a collection for the names alone

    def collect(self) -> Iterator[Any]:
        from prometheus_client import core  # noqa: PLC0415 - see Metrics.families

        yield from self._metrics.families()
        pool = self._pool
        workers = core.GaugeMetricFamily("odahu_workers", "Worker processes", labels=("state",))
        for state, count in pool.states.items():
            workers.add_metric((state,), count)
        yield workers
        yield core.GaugeMetricFamily(
            "odahu_queue_requests", "Requests that wait for a worker", value=pool.waiting
        )
        yield core.GaugeMetricFamily(
            "odahu_predicting_requests", "Requests inside workers", value=pool.predicting
        )
        yield core.CounterMetricFamily(
            "odahu_worker_restarts", "Workers started in the place of others", value=pool.restarts
        )
        yield core.CounterMetricFamily(
            "odahu_access_log_dropped", "Lines of the access log given up", value=self._dropped()
        )
        yield core.GaugeMetricFamily("odahu_start_time_seconds", "When the server started", value=self._begun)
