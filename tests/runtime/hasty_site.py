"""A site with the smallest limits, run by the interpreter of an image: ``python hasty_site.py FRONT``."""

import asyncio
import socket
import sys

sys.path.insert(0, sys.argv[1])

from odahu_front.http.connection import Connection
from odahu_front.http.response import Response
from odahu_front.http.routes import Route, Routes, reading
from odahu_front.http.site import Limits, Site

LARGE = bytes(8_000_000)

loop = asyncio.new_event_loop()
asyncio.set_event_loop(loop)


def echo(exchange):
    exchange.answer(Response(200, exchange.request.body))


def later(exchange):
    loop.call_later(0.8, echo, exchange)


def large(exchange):
    exchange.answer(Response(200, LARGE))


def record(_exchange, _response, _client):
    pass


async def main():
    await loop.create_server(lambda: Connection(site), sock=listener)
    sys.stdout.write(f"{listener.getsockname()[1]}\n")
    sys.stdout.flush()


routes = Routes({"/": {"POST": Route(echo)}, "/later": {"POST": Route(later)}, "/large": reading(large)}, {})
limits = Limits(body_bytes=1000, bodies_bytes=4000, body_seconds=0.5, idle_seconds=0.4, connections=20)
site = Site(routes, limits, record)
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)  # what a client has not read stays here
listener.bind(("127.0.0.1", 0))
loop.run_until_complete(main())
loop.run_forever()
