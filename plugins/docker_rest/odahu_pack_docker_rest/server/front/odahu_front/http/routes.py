"""Who answers what: a table of paths and methods."""

from typing import Callable, Dict, Mapping, NamedTuple, Optional

from .request import Exchange, Request
from .response import Refusal, Response


class Route(NamedTuple):
    """One method of one path.

    Args:
        answer: called when the whole request is there; answers the exchange, now or later.
        admit: called with the head alone; raises a `Refusal` before the body is read.
    """

    answer: Callable[[Exchange], None]
    admit: Optional[Callable[[Request], None]] = None


Methods = Dict[str, Route]


def reading(answer: Callable[[Exchange], None]) -> Methods:
    """Return the methods of a path that is only read."""
    return {"GET": Route(answer), "HEAD": Route(answer)}


class Routes:
    """A table of routes.

    Args:
        table: the methods of each path.
        refusals: who says a refusal, by the first part of the path, where it is not the usual way.
    """

    def __init__(
        self, table: Mapping[str, Methods], refusals: Mapping[str, Callable[[Refusal], Response]]
    ) -> None:
        self._table = dict(table)
        self._refusals = dict(refusals)

    def find(self, request: Request) -> Route:
        """Find who answers a request, by its head.

        Raises:
            Refusal: 404 or 405, or what the route itself says to the head.
        """
        methods = self._table.get(request.path)
        if methods is None:
            raise Refusal(404, "not_found", "there is nothing here: GET / tells what is where")
        route = methods.get(request.method)
        if route is None:
            allowed = ", ".join(sorted(methods))
            message = f"{request.method} is not allowed here, use {allowed}"
            raise Refusal(405, "method_not_allowed", message, (("allow", allowed),))
        if route.admit is not None:
            route.admit(request)
        return route

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        """Say a refusal as it is said where the request went."""
        first = request.path.split("/", 2)[:2]
        say = self._refusals.get("/".join(first))
        return refusal.response if say is None else say(refusal)
