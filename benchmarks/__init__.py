"""Measures odahu-pack beside its peers: ``python -m benchmarks``; figures go to ``benchmarks/results/``."""
