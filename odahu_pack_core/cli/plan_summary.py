"""A plan as people read it: the image, what it stands on, its layers, and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from odahu_pack_core.events import Decision
from odahu_pack_core.plan.base import BaseFacts
from odahu_pack_core.plan.build_plan import BuildPlan, Layer, ResolvedPlan
from odahu_pack_core.plan.environment import Dependencies, EnvironmentLayer, ResolvedEnvironment
from odahu_pack_core.plan.files import ArtifactFile, TextFile
from odahu_pack_core.sizes import size_text


def plan_summary(plan: BuildPlan) -> str:
    """Return a plan in a screenful."""
    facts = [
        ("image", str(plan.image)),
        ("packager", plan.packager),
        ("base image", str(plan.base.reference)),
        ("platform", ", ".join(plan.platforms)),
    ]
    return _text(facts, [_layer(layer) for layer in plan.layers], plan.decisions)


def resolved_summary(resolved: ResolvedPlan) -> str:
    """Return a resolved plan in a screenful: exact base, exact packages."""
    plan = resolved.plan
    facts = [("image", str(plan.image)), ("packager", plan.packager)]
    layers: list[tuple[str, str]] = []
    for image in resolved.images:
        facts += _base_facts(image.base)
        where = f" on {image.platform}" if len(resolved.images) > 1 else ""
        needs = {environment.layer: _packages(environment) for environment in image.environments}
        layers += [(f"{name}{where}", needs.get(name, text)) for name, text in map(_layer, plan.layers)]
    return _text(facts, layers, (*plan.decisions, *resolved.decisions))


def _text(
    facts: Iterable[tuple[str, str]], layers: Iterable[tuple[str, str]], decisions: Iterable[Decision]
) -> str:
    lines = [*_aligned(facts), "layers:", *(f"  {line}" for line in _aligned(layers))]
    why = [f"  {decision.subject}: {decision.choice} ({decision.reason})" for decision in decisions]
    return "\n".join([*lines, *(["why:", *why] if why else [])])


def _aligned(pairs: Iterable[tuple[str, str]]) -> Iterator[str]:
    listed = list(pairs)
    width = max((len(name) for name, _ in listed), default=0) + 1
    for name, text in listed:
        yield f"{name + ':':<{width}} {text}"


def _layer(layer: Layer) -> tuple[str, str]:
    if isinstance(layer, EnvironmentLayer):
        return layer.name, f"{layer.prefix}: {_needs(layer.dependencies)}"
    sizes = [file.size for file in layer.files if isinstance(file, TextFile | ArtifactFile)]
    plural = "" if len(sizes) == 1 else "s"
    return layer.name, f"{len(sizes)} file{plural}, {size_text(sum(sizes))}"


def _base_facts(base: BaseFacts) -> list[tuple[str, str]]:
    python = f"{base.python or 'none'} at {base.interpreter or 'no path'}, {base.libc}"
    return [("base image", str(base.reference)), ("platform", base.platform), ("python", python)]


def _packages(environment: ResolvedEnvironment) -> str:
    names = (f"{package.name} {package.version}" for package in environment.packages)
    listing = ", ".join(names)
    if environment.mode == "conda" and not listing:
        return "conda: made by the engine while it builds the image"
    return f"{environment.mode}: {listing or 'nothing to install'}"


def _needs(dependencies: Dependencies) -> str:
    needs = (*dependencies.conda, *dependencies.pip, *dependencies.wheels)
    return ", ".join(needs) or "nothing"
