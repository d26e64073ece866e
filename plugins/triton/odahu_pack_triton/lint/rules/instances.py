"""TR4xx: instance groups, rate limiter, optimization, warmup, caches and other settings of the server."""
