"""The front of a docker-rest image: HTTP outside, frames to the workers inside.

It runs without site-packages, so nothing that a model installs can reach it. `app` speaks HTTP, `pool`
gives requests to `worker` processes and ends those that miss a deadline, `server` starts and drains it all.
"""
