"""The requests that wait for a worker, the oldest first."""

from collections import deque
from typing import Callable, Deque, Iterator, List

from .http.response import unavailable
from .job import Job


class Waiting:
    """A queue of bounded length.

    Args:
        most: how many may wait.
        forget: called with each request that is given up because its client has left.
    """

    def __init__(self, most: int, forget: Callable[[Job], None]) -> None:
        self._most = most
        self._forget = forget
        self._jobs: Deque[Job] = deque()

    def __len__(self) -> int:
        return len(self._jobs)

    def __iter__(self) -> Iterator[Job]:
        return iter(self._jobs)

    def check_room(self) -> None:
        """Make sure that one more may wait.

        Raises:
            Refusal: 503, there is no room.
        """
        if len(self._jobs) >= self._most:
            self._jobs = deque(job for job in self._jobs if not self._is_over(job))
        if len(self._jobs) >= self._most:
            raise unavailable("overloaded", "too many requests are waiting")

    def add(self, job: Job) -> None:
        """Let a request wait behind all others."""
        self._jobs.append(job)

    def remove(self, job: Job) -> None:
        """Take a request out, wherever it is."""
        self._jobs.remove(job)

    def clear(self) -> None:
        """Take all requests out."""
        self._jobs.clear()

    def take(self, rows: int, share: int) -> List[Job]:
        """Take the oldest requests out.

        Args:
            rows: how many rows they may have together, unless the first has more.
            share: how many of them to take at most.
        """
        jobs: List[Job] = []
        while self._jobs and (not jobs or (self._jobs[0].payload.rows <= rows and len(jobs) < share)):
            job = self._jobs.popleft()
            if not self._is_over(job):
                jobs.append(job)
                rows -= job.payload.rows
        return jobs

    def _is_over(self, job: Job) -> bool:
        if job.exchange.abandoned and not job.over:
            job.over = True
            self._forget(job)
        return job.over
