"""A program for tests: packs a fixed tree into the file that its argument names, and says what came out."""

import random
import sys
from pathlib import Path

from odahu_pack_core.blob.packing import pack
from odahu_pack_core.plan.build_plan import FilesLayer
from odahu_pack_core.plan.files import Folder, Link, TextFile

chance = random.Random(0)
code = "".join(f"def function_{chance.random()}(argument):\n    return argument\n" for _ in range(40_000))
floats = b"".join(chance.randbytes(3) + b"\x3f" for _ in range(300_000))
files = {TextFile(f"/opt/model/{number}", chance.randbytes(chance.randrange(600))) for number in range(300)}
files |= {
    TextFile("/opt/model/code.py", code.encode()),
    TextFile("/opt/model/floats", floats),
    TextFile("/opt/model/random", chance.randbytes(1_500_000), 0o755),
    TextFile("/opt/model/zeros", bytes(2_500_000)),
    TextFile("/opt/model/" + "long" * 60, b"long"),
    TextFile("/opt/model/\udcff\né", b"odd"),
    Link("/opt/model/link", "../model/zeros"),
    Folder("/volume", 0o1777),
}
layer = pack(FilesLayer.of("x", files).tar(open), Path(sys.argv[1]))
sys.stdout.write(f"{layer.diff_id} {layer.descriptor}\n")
