"""Requests that one worker answers, beside other model servers and beside a bare ASGI app."""
