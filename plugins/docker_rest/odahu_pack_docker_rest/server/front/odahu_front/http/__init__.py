"""HTTP/1.1 for the front: bounded requests in, answers out, one connection at a time.

`connection` is the protocol of asyncio, `parser` reads heads and bodies with httptools or h11, `request` and
`response` are the values in between, and `routes` says who answers what.
"""
