"""Loops as a good engineer would write them for one format: ``python LOOP.py MODEL_FOLDER INPUT OUTPUT``.

Each loads the entrypoint as the command does, asks it about ten thousand rows at a time where its library
reads in parts, and writes what the command writes.
"""
