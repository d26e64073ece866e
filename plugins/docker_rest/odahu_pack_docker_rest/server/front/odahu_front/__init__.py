"""The front of a docker-rest image: HTTP outside, frames to the workers inside.

It runs without site-packages, so nothing that a model installs can reach it. `http` turns bytes into
requests, the ``…_routes`` answer them, `pool` gives predictions to `worker` processes and ends those that
miss a deadline, `server` starts and drains it all. Bodies go to the workers as they came: one front keeps
many workers busy.
"""
