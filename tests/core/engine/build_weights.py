"""Build an image of one large file and print this process's own peak memory in MB: ``FILE IMAGE BASE``."""

import os
import sys
from pathlib import Path

from odahu_pack_core.engine.docker.engine import DockerEngine
from odahu_pack_core.plan.base import BaseImage
from odahu_pack_core.plan.build_plan import FilesLayer
from odahu_pack_core.plan.files import ArtifactFile
from odahu_pack_core.plan.layer_tar import PlannedTar
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.protocols import ImageOutput
from tests.core.engine.parts import build_request


def main(weights, image, base):
    engine = DockerEngine(os.environ)
    facts = engine.inspect_base(BaseImage(ImageReference.parse(base)), "linux/amd64", None, lambda _: None)
    planned = ArtifactFile("/opt/odahu/artifact/weights.bin", weights.name, weights.stat().st_size)
    layer = PlannedTar(
        FilesLayer.of("model", [planned]).files, lambda name: (weights.parent / name).open("rb")
    )
    request = build_request(image, ImageOutput("docker"), facts=facts, layers={"model": layer})
    engine.execute(request, lambda _: None)


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
    # Unlike ru_maxrss this does not count what the parent had before exec.
    status = Path("/proc/self/status").read_text(encoding="ascii")
    peak = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    sys.stdout.write(str(int(peak.split()[1]) // 1024))
