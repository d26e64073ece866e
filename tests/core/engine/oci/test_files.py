"""Images in layouts and archives: valid, whole or not there, and the same whoever writes them."""

import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import textwrap
import time
from dataclasses import replace
from pathlib import Path

import pytest

from odahu_pack_core.blob.descriptor import BytesBlob, digest_of_bytes
from odahu_pack_core.engine.oci.source_image import SourceLayer
from odahu_pack_core.errors import ArtifactError, EngineError
from odahu_pack_core.events import Progress
from odahu_pack_core.plan.files import TextFile
from odahu_pack_core.plugins.protocols import ImageOutput
from tests.core.engine.oci.parts import (
    Layout,
    base_image,
    checked,
    for_platforms,
    members,
    oci_engine,
    unpacked,
    with_zstd,
)
from tests.core.engine.parts import FILES, build_request, planned_tar

INCOMPRESSIBLE = b"".join(hashlib.sha256(str(number).encode()).digest() for number in range(400_000))


class Gone:
    """A layer that cannot be read."""

    size = 10240

    def chunks(self):
        yield b"x" * 512
        raise ArtifactError("model.bin changed while it was packaged", code="changed")


class Counted:
    """A layer that counts how often it is read."""

    def __init__(self, *files):
        self._tar = planned_tar(*files)
        self.size = self._tar.size
        self.read = 0

    def chunks(self):
        self.read += 1
        return self._tar.chunks()


def execute(environ, output, *images, **request):
    engine = oci_engine(environ, *images)
    facts = engine.inspect_base(None, "linux/amd64", None, lambda _: None)
    return engine.execute(build_request(output=output, facts=facts, **request), lambda _: None)


def test_a_layout_holds_one_valid_image(layout):
    made = layout()

    [(manifest, config)] = made.images()
    assert made.files["oci-layout"] == b'{"imageLayoutVersion":"1.0.0"}'
    assert made.root["annotations"]["org.opencontainers.image.ref.name"] == "models/wine:1"
    assert (config["os"], config["architecture"]) == ("linux", "amd64")
    assert list(made.entries(manifest)[0]) == ["/etc", "/etc/base"]
    assert list(made.entries(manifest)[1]) == [
        "/opt",
        "/opt/odahu",
        "/opt/odahu/hello.txt",
        "/opt/odahu/run.sh",
    ]
    blobs = {path for path in made.files if path.startswith("blobs/")}
    assert len(blobs) == 4, "two layers, config and manifest"


def test_a_name_without_tag_is_the_latest(layout):
    assert layout(image="wine").root["annotations"]["org.opencontainers.image.ref.name"] == "wine:latest"


def test_a_tar_holds_what_a_folder_holds(environ, tmp_path):
    paths = (tmp_path / "folder", tmp_path / "file.tar")

    folder, tar = (execute(environ, ImageOutput("oci", path)) for path in paths)

    assert Layout.of(paths[0]) == Layout.of(paths[1])
    assert folder.digest == tar.digest == Layout.of(paths[0]).root["digest"]
    assert [folder.location, tar.location] == list(map(str, paths))


def test_a_docker_archive_is_a_layout_that_docker_reads(environ, tmp_path):
    dest = tmp_path / "image"

    published = execute(environ, ImageOutput("docker-archive", dest))

    made = Layout.of(dest)
    [(manifest, _)] = made.images()
    [load] = made.json("manifest.json")
    assert load["RepoTags"] == ["models/wine:1"]
    assert f"blobs/{published.digest.replace(':', '/')}" == load["Config"]
    assert published.digest == manifest["config"]["digest"]
    assert [f"sha256:{Path(path).name}" for path in load["Layers"]] == [
        each["digest"] for each in manifest["layers"]
    ]


def test_zstd_stays_in_a_layout_and_not_in_a_docker_archive(environ, tmp_path):
    base, kinds = with_zstd(base_image()), []

    for output in ("oci", "docker-archive"):
        execute(environ, ImageOutput(output, tmp_path / f"{output}.tar"), base)
        [(manifest, config)] = Layout.of(tmp_path / f"{output}.tar").images()
        kinds.append(manifest["layers"][0]["mediaType"].rpartition(".")[2])
        assert config["rootfs"]["diff_ids"][0] == base.layers[0].diff_id

    assert kinds == ["tar+zstd", "tar"]


def test_the_same_goes_in_whatever_the_output(environ, tmp_path):
    digests = set()
    for number, output in enumerate(("oci", "docker-archive")):
        execute(environ, ImageOutput(output, tmp_path / f"{number}.tar"))
        digests.add(Layout.of(tmp_path / f"{number}.tar").root["digest"])

    assert len(digests) == 1


def test_modes_do_not_follow_the_umask(environ, tmp_path):
    before = os.umask(0o077)
    try:
        execute(environ, ImageOutput("oci", tmp_path / "layout"))
    finally:
        os.umask(before)

    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "layout").rglob("*") if path.is_file()}
    folders = {path.stat().st_mode & 0o777 for path in (tmp_path / "layout").rglob("*") if path.is_dir()}
    assert (modes, folders) == ({0o644}, {0o755})


def test_what_does_not_compress_is_stored_as_it_is(layout):
    files = (TextFile("/opt/weights", INCOMPRESSIBLE), TextFile("/opt/zeros", b"0" * 10))

    made = layout(files=files)

    [(manifest, config)] = made.images()
    own = manifest["layers"][-1]
    assert own["mediaType"] == "application/vnd.oci.image.layer.v1.tar"
    assert own["digest"] == config["rootfs"]["diff_ids"][-1]


@pytest.mark.slow
def test_other_processes_write_the_same_bytes(tmp_path):
    program = textwrap.dedent(
        """
        import os, sys
        from pathlib import Path
        from odahu_pack_core.plugins.protocols import ImageOutput
        from tests.core.engine.oci.test_files import execute
        os.umask(int(sys.argv[1], 8))
        folder = Path(sys.argv[2])
        environ = {"ODAHU_PACK_CACHE_DIR": str(folder / "cache"), "HOME": str(folder)}
        print(execute(environ, ImageOutput("docker-archive", folder / "image.tar")).digest)
        """
    )
    archives = []
    for number, (umask, zone, seed) in enumerate(
        (("0", "Pacific/Kiritimati", "1"), ("077", "America/Lima", "2"))
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        subprocess.run(
            [sys.executable, "-c", program, umask, str(folder)],
            env={**os.environ, "TZ": zone, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[4],
            check=True,
            capture_output=True,
        )
        archives.append(digest_of_bytes((folder / "image.tar").read_bytes()))

    assert archives[0] == archives[1]


class TestSeveralPlatforms:
    BASES = (base_image(platform="linux/arm64", variant="v8"), base_image(platform="linux/amd64"))

    @pytest.fixture
    def execute(self, environ):
        def execute(output, **request):
            wanted = for_platforms(build_request(output=output, **request), self.BASES)
            return oci_engine(environ, *self.BASES).execute(wanted, lambda _: None)

        return execute

    def test_an_index_lists_them_in_the_plans_order(self, execute, tmp_path):
        dest = tmp_path / "layout"

        published = execute(ImageOutput("oci", dest))

        made = Layout.of(dest)
        index = checked("index", json.loads(made.blob(made.root)))
        assert published.digest == made.root["digest"]
        assert [entry["platform"] for entry in index["manifests"]] == [
            {"os": "linux", "architecture": "arm64", "variant": "v8"},
            {"os": "linux", "architecture": "amd64"},
        ]
        assert [config["architecture"] for _, config in made.images()] == ["arm64", "amd64"]

    def test_the_models_layer_is_made_once(self, execute, tmp_path):
        layer = Counted(*FILES)

        execute(ImageOutput("oci", tmp_path / "layout"), layers={"model": layer})

        assert layer.read == 1

    @pytest.mark.parametrize("output", ["docker-archive", "docker"])
    def test_docker_holds_one_at_a_time(self, execute, tmp_path, output):
        with pytest.raises(EngineError, match="one platform, not of linux/arm64, linux/amd64") as caught:
            execute(ImageOutput(output, tmp_path / "image.tar"))

        assert caught.value.code == "several-platforms"
        assert not (tmp_path / "image.tar").exists()


@pytest.mark.parametrize("name", ["layout", "layout.tar"])
@pytest.mark.parametrize("output", ["oci", "docker-archive"])
class TestWholeOrNotAtAll:
    def test_a_layer_that_changes_leaves_nothing(self, environ, tmp_path, name, output):
        out = tmp_path / "out"
        out.mkdir()

        with pytest.raises(ArtifactError, match=r"model\.bin changed"):
            execute(environ, ImageOutput(output, out / name), layers={"model": Gone()})

        assert list(out.iterdir()) == []

    def test_a_damaged_layer_of_the_base_leaves_nothing(self, environ, tmp_path, name, output):
        base = base_image()
        good = base.layers[0]

        class Damaged:
            descriptor = good.blob.descriptor

            def chunks(self, _=0):
                yield b"\0" * self.descriptor.size

        base = replace(base, layers=(SourceLayer(good.diff_id, Damaged()),))
        out = tmp_path / "out"
        out.mkdir()

        with pytest.raises(EngineError, match="is damaged") as caught:
            execute(environ, ImageOutput(output, out / name), base)

        assert caught.value.code == "bad-blob"
        assert list(out.iterdir()) == []

    def test_an_interrupt_leaves_nothing(self, environ, tmp_path, name, output):
        out = tmp_path / "out"
        out.mkdir()
        engine = oci_engine(environ)
        facts = engine.inspect_base(None, "linux/amd64", None, lambda _: None)

        def interrupt(event):
            if isinstance(event, Progress):
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            engine.execute(build_request(output=ImageOutput(output, out / name), facts=facts), interrupt)

        assert list(out.iterdir()) == []
        assert not list((tmp_path / "cache").rglob("*.blob"))


def test_a_folder_that_is_taken_is_refused(environ, tmp_path):
    (tmp_path / "layout").mkdir()
    (tmp_path / "layout" / "mine").touch()

    with pytest.raises(EngineError, match="is not empty"):
        execute(environ, ImageOutput("oci", tmp_path / "layout"))


def test_drafts_are_gone_afterwards(environ, tmp_path):
    execute(environ, ImageOutput("oci", tmp_path / "layout"))

    assert list((tmp_path / "cache" / "drafts").iterdir()) == []


def test_a_cache_that_cannot_be_written_is_told(environ, tmp_path):
    (tmp_path / "cache").write_text("a file")

    with pytest.raises(EngineError, match=r"cannot write .*cache/drafts") as caught:
        execute(environ, ImageOutput("oci", tmp_path / "layout"))

    assert caught.value.code == "cannot-write"


def test_the_base_is_looked_for_once(environ, tmp_path):
    engine = oci_engine(environ)
    facts = engine.inspect_base(None, "linux/amd64", None, lambda _: None)

    engine.execute(build_request(output=ImageOutput("oci", tmp_path / "layout"), facts=facts), lambda _: None)

    assert engine._bases.asked == 1


def test_a_plan_that_was_resolved_elsewhere_finds_its_base(environ, tmp_path):
    engine = oci_engine(environ)

    engine.execute(build_request(output=ImageOutput("oci", tmp_path / "layout")), lambda _: None)

    assert engine._bases.asked == 1


def test_tells_how_far_it_is(environ, tmp_path, events):
    engine = oci_engine(environ)

    engine.execute(build_request(output=ImageOutput("docker-archive", tmp_path / "i.tar")), events.append)

    written = [event for event in events if isinstance(event, Progress) and event.step == "save"]
    assert written[-1].done == written[-1].total == (tmp_path / "i.tar").stat().st_size


def test_a_layer_of_many_pieces_is_read_flat(environ, tmp_path):
    """A layer much larger than what may be in memory goes through in pieces."""
    import tracemalloc  # noqa: PLC0415  # only this test measures

    size = 256 * 1024 * 1024

    class Weights:
        descriptor = None

        def __init__(self):
            self.size = size

        def chunks(self):
            piece = INCOMPRESSIBLE[: 1024 * 1024]
            header = tarfile.TarInfo("weights")
            header.size = size - 1536
            yield header.tobuf()
            yield from (piece for _ in range(255))
            yield piece[: 1024 * 1024 - 1536]
            yield b"\0" * 1024

    tracemalloc.start()
    started = time.monotonic()
    try:
        execute(environ, ImageOutput("docker-archive", tmp_path / "i.tar"), layers={"model": Weights()})
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert peak < 40 * 1024 * 1024
    assert time.monotonic() - started < 60


def test_unpacked_layers_can_be_read_by_tar(layout):
    made = layout()

    [(manifest, _)] = made.images()
    stream = unpacked(made.blob(manifest["layers"][-1]))
    with tarfile.open(fileobj=io.BytesIO(stream)) as tar:
        assert tar.extractfile("opt/odahu/hello.txt").read() == b"hello"
    assert members(stream)["/opt/odahu/run.sh"].mode == 0o755
    assert BytesBlob("", stream).descriptor.digest == digest_of_bytes(stream)
