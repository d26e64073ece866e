"""HTTP/1.1 for the front: bounded requests in, answers out, one connection at a time.

`connection` is the protocol of asyncio: it keeps the order of answers and ends what lasts too long.
`receiver` makes requests of what arrives, with the `parser` (httptools or h11) and the rules of `framing`.
`request`, `incoming` and `response` are the values in between, `routes` says who answers what, `site` holds
what all connections share, and `descriptors` tells how many of them there may be.
"""
