"""Ensembles made at random of a few models, most of them with a fault or two."""

from itertools import pairwise

LEAVES = {
    "plain": (0, "X FP32 3", "Y FP32 3"),
    "same": (0, "X FP32 3", "Y FP32 3"),
    "longer": (0, "X FP32 4", "Y FP32 3"),
    "whole": (0, "X INT32 3", "Y FP32 3"),
    "batched": (8, "X FP32 3", "Y FP32 3"),
    "small": (2, "X FP32 3", "Y FP32 3"),
    "full": (0, "X FP32 -1,3", "Y FP32 -1,3"),
    "any": (0, "X FP32 -1", "Y FP32 -1"),
}
"""Models by name: the largest batch, the input and the output."""


def configs_of_leaves():
    """Return the configuration of each model."""
    return {name: _leaf(*told) for name, told in LEAVES.items()}


def random_ensemble(chance):
    """Return the configuration of an ensemble.

    Args:
        chance: A ``random.Random``.
    """
    dims = chance.choice(["3", "3", "3", "-1", "-1,3", "1,3"])
    inputs = _often(chance, ["IN"], ["IN", "IN2"])
    outputs = _often(chance, ["OUT"], ["OUT", "OUT2"])
    chain = ["IN", *["M", "M2"][: chance.choice([0, 0, 1, 1, 2])], "OUT"]
    steps = [_step(chance, taken, given) for taken, given in pairwise(chain)]
    chance.shuffle(steps)
    lines = [
        'platform: "ensemble"',
        f"max_batch_size: {chance.choice([0, 0, 0, 2, 8])}",
        *(_tensor("input", name, _often(chance, "FP32", "INT32"), dims) for name in inputs),
        *(_tensor("output", name, "FP32", dims) for name in outputs),
        "ensemble_scheduling {",
        *steps,
        "}",
    ]
    return "\n".join(lines)


def _step(chance, taken, given):
    # A tensor that is both given and an input makes requests wait without end, which takes too long to see.
    taken = _often(chance, taken, chance.choice(["IN", "IN2", "M", "M2", "OUT"]))
    given = _often(chance, given, chance.choice(["M", "M2", "OUT", "OUT2", "REST"]))
    model = _often(chance, chance.choice(sorted(LEAVES)), "absent")
    version = _often(chance, "model_version: -1", chance.choice(["model_version: 1", "model_version: 2", ""]))
    key, made = _often(chance, "X", "x"), _often(chance, "Y", "y")
    maps = f'input_map {{ key: "{key}" value: "{taken}" }} output_map {{ key: "{made}" value: "{given}" }}'
    return f'  step {{ model_name: "{model}" {version} {maps} }}'


def _often(chance, usual, other):
    return usual if chance.random() < 0.93 else other


def _leaf(size, taken, given):
    lines = [_tensor(kind, *told.split()) for kind, told in (("input", taken), ("output", given))]
    return "\n".join(['backend: "python"', f"max_batch_size: {size}", *lines])


def _tensor(kind, name, type_, dims):
    return f'{kind} {{ name: "{name}" data_type: TYPE_{type_} dims: [ {dims} ] }}'
