"""A registry lets in whom it must, and nobody else, and leaves nothing behind."""

import base64
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from workbench import Registry

pytestmark = pytest.mark.registry


def test_a_registry_lets_in_only_its_own_user(registry, second_registry):
    own = {"username": registry.username, "password": registry.password}
    assert registry.status() == 401
    assert registry.status(username=registry.username, password="wrong") == 401
    assert registry.status(**own) == 200
    assert second_registry.status(**own) == 401


def test_an_anonymous_registry_lets_everybody_in(anonymous_registry):
    assert anonymous_registry.username is None
    assert anonymous_registry.status() == 200


def test_what_a_registry_was_asked_for_can_be_counted():
    with Registry() as registry:
        before = len(registry.requests())
        registry.status("/v2/models/manifests/1")
        assert registry.requests()[before:] == (("GET", "/v2/models/manifests/1", 404),)


def test_a_registry_ends_with_its_block():
    with Registry(username="one", password="of mine") as registry:
        assert registry.status(username="one", password="of mine") == 200
        pid, storage = registry.pid, registry.storage
    assert not Path(f"/proc/{pid}").exists()
    assert not storage.parent.exists()
    with pytest.raises(OSError, match="refused"):
        registry.status()


def test_the_command_runs_a_registry_until_it_is_told_to_stop():
    command = [sys.executable, "-m", "workbench", "registry"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as running:
        host, username, password = (running.stdout.readline().split()[1] for _ in range(3))
        credential = base64.b64encode(f"{username}:{password}".encode()).decode()
        request = urllib.request.Request(
            f"http://{host}/v2/", headers={"Authorization": f"Basic {credential}"}
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200
        running.terminate()
        assert running.wait(timeout=10) == 0


@pytest.mark.engine
@pytest.mark.usefixtures("engine")
def test_an_image_goes_to_the_registry_and_comes_back(registry, base):
    reference = f"{registry.host}/workbench/round-trip:1"

    def docker(*arguments, stdin=""):
        ended = subprocess.run(
            ["docker", *arguments], input=stdin, capture_output=True, text=True, check=False
        )
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()

    docker("login", "-u", registry.username, "--password-stdin", registry.host, stdin=registry.password)
    image = docker("image", "inspect", "-f", "{{.Id}}", base("debian"))
    docker("tag", image, reference)
    docker("push", "-q", reference)
    docker("image", "rm", reference)
    docker("pull", "-q", reference)
    try:
        assert docker("image", "inspect", "-f", "{{.Id}}", reference) == image
    finally:
        docker("image", "rm", reference)
