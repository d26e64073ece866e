"""How many connections may be open at the same time, as far as the system allows."""

import resource

_MOST_CONNECTIONS = 10_000
_OTHERS = 256  # open files that are no connections: the workers' lines, files, connections about to be closed
_LEAST_CONNECTIONS = 16


def room_for_connections() -> int:
    """Raise the limit of open files as far as connections need it and this process may.

    Returns:
        How many connections leave enough for everything else; a server without a free descriptor could
        neither start a worker nor turn a client away.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _MOST_CONNECTIONS + _OTHERS
    if soft == resource.RLIM_INFINITY:
        return _MOST_CONNECTIONS
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(_MOST_CONNECTIONS, max(soft - _OTHERS, _LEAST_CONNECTIONS))
