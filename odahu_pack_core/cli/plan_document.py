"""Plans as documents of plain values with a stable order of keys; file contents by size and digest only."""

from __future__ import annotations

import dataclasses
import hashlib
from typing import Any

from odahu_pack_core.events import Decision
from odahu_pack_core.plan.base import BaseFacts, BaseImage
from odahu_pack_core.plan.build_plan import Block, BuildPlan, Layer, ResolvedImage, ResolvedPlan
from odahu_pack_core.plan.environment import EnvironmentLayer, ResolvedEnvironment
from odahu_pack_core.plan.files import ArtifactFile, Folder, Link, PlannedFile, TextFile
from odahu_pack_core.plan.instruction import Instruction

Values = dict[str, Any]


def plan_document(plan: BuildPlan) -> Values:
    """Return a plan as a document.

    Args:
        plan: The plan.

    Returns:
        Plain values that JSON and YAML can write; the same plan always gives the same document.
    """
    return {
        "packager": plan.packager,
        "image": str(plan.image),
        "platforms": list(plan.platforms),
        "base": _base(plan.base),
        "blocks": [_block(block) for block in plan.blocks],
        "layers": [_layer(layer) for layer in plan.layers],
        "decisions": [_decision(decision) for decision in plan.decisions],
    }


def resolved_document(resolved: ResolvedPlan) -> Values:
    """Return a resolved plan as a document: the plan's own, with what was settled."""
    plan = plan_document(resolved.plan)
    return {
        **plan,
        "images": [_image(image) for image in resolved.images],
        "decisions": [*plan["decisions"], *(_decision(decision) for decision in resolved.decisions)],
    }


def _image(image: ResolvedImage) -> Values:
    return {
        "platform": image.platform,
        "base": _facts(image.base),
        "environments": [_environment(environment) for environment in image.environments],
        "blocks": [_block(block) for block in image.blocks],
        "files": [{"path": path, **_content(content)} for path, content in sorted(image.files.items())],
    }


def _base(base: BaseImage) -> Values:
    return {
        "image": str(base.reference),
        "python": base.python,
        "explicit": base.explicit,
        "keepsEntrypoint": base.keeps_entrypoint,
    }


def _facts(base: BaseFacts) -> Values:
    """Return what identifies a base; its environment variables are its maker's, and may hold secrets."""
    return {
        "image": str(base.reference),
        "imageId": base.image_id,
        "platform": base.platform,
        "python": base.python,
        "interpreter": base.interpreter,
        "libc": base.libc,
        "sitePackages": base.site_packages.path if base.site_packages else None,
        "origin": base.origin,
    }


def _environment(environment: ResolvedEnvironment) -> Values:
    return {
        "layer": environment.layer,
        "mode": environment.mode,
        "python": environment.python,
        "platform": environment.platform,
        "packages": [
            {"name": package.name, "version": package.version, "hashes": list(package.hashes)}
            for package in environment.packages
        ],
        "parts": [
            {"name": part.name, "packages": [package.name for package in part.packages], "key": part.key}
            for part in environment.parts
        ],
    }


def _block(block: Block) -> Values:
    return {"name": block.name, "instructions": [_instruction(found) for found in block.instructions]}


def _instruction(instruction: Instruction) -> Values:
    return {"type": type(instruction).__name__, **_plain(dataclasses.asdict(instruction))}


def _layer(layer: Layer) -> Values:
    if isinstance(layer, EnvironmentLayer):
        return {
            "name": layer.name,
            "type": "environment",
            "prefix": layer.prefix,
            "layout": layer.layout,
            "activate": layer.activate,
            "dependencies": _plain(dataclasses.asdict(layer.dependencies)),
        }
    return {"name": layer.name, "type": "files", "files": [_file(file) for file in layer.files]}


def _file(file: PlannedFile) -> Values:
    match file:
        case TextFile(path, content, mode):
            return {"path": path, "type": "text", "mode": _octal(mode), **_content(content)}
        case ArtifactFile(path, source, size, mode):
            return {"path": path, "type": "artifact", "mode": _octal(mode), "size": size, "source": source}
        case Link(path, target):
            return {"path": path, "type": "link", "target": target}
        case Folder(path, mode):
            return {"path": path, "type": "folder", "mode": _octal(mode)}


def _content(content: bytes) -> Values:
    return {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _decision(decision: Decision) -> Values:
    return {"subject": decision.subject, "choice": decision.choice, "reason": decision.reason}


def _octal(mode: int) -> str:
    return f"{mode:04o}"


def _plain(value: Any) -> Any:  # noqa: ANN401  # a field holds anything
    """Return a dataclass's fields as manifests write them: camelCase keys, lists."""
    if isinstance(value, dict):
        return {_camel(name): _plain(field) for name, field in value.items()}
    return [_plain(item) for item in value] if isinstance(value, tuple) else value


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)
