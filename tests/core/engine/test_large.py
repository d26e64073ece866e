"""Weights of any size are built with little memory."""

import os
import subprocess
import sys

import pytest


@pytest.mark.engine
@pytest.mark.slow
def test_two_gigabytes_of_weights_are_built_in_200_megabytes(base, docker_cli, new_name, tmp_path, request):
    weights, name = tmp_path / "weights.bin", new_name()
    with weights.open("wb") as stream:
        stream.write(os.urandom(1024))
        stream.truncate(2 * 1024**3)
    command = [sys.executable, "-m", "tests.core.engine.build_weights", str(weights), name, base("debian")]

    done = subprocess.run(
        command, cwd=request.config.rootpath, capture_output=True, text=True, check=False, timeout=600
    )

    assert done.returncode == 0, done.stderr
    assert int(done.stdout) < 200
    assert docker_cli("run", "--rm", name, "stat", "-c", "%s", "/opt/odahu/artifact/weights.bin") == str(
        2 * 1024**3
    )
