"""Images that a real engine builds and pushes."""

import json

import pytest
import requests

from odahu_pack_core.errors import EngineError, RegistryError
from odahu_pack_core.events import Output, Progress
from odahu_pack_core.plan.base import BaseImage
from odahu_pack_core.plan.reference import ImageReference
from odahu_pack_core.plugins.protocols import ImageOutput
from tests.core.engine.parts import Access, build_request, unique_file

pytestmark = pytest.mark.engine


TO_REGISTRY = ImageOutput("registry")


@pytest.mark.registry
class TestPush:
    """To a registry with a password."""

    @pytest.fixture
    def access(self, registry):
        return Access(registry.host, registry.username, registry.password)

    def _digest(self, registry, name):
        repository, _, tag = name.partition("/")[2].rpartition(":")
        accept = "application/vnd.docker.distribution.manifest.v2+json"
        answer = requests.head(
            f"http://{registry.host}/v2/{repository}/manifests/{tag}",
            auth=(registry.username, registry.password),
            headers={"Accept": accept},
            timeout=10,
        )
        return answer.headers.get("Docker-Content-Digest")

    def test_the_pushed_digest_is_the_registrys(
        self, *, docker, facts, registry, access, new_name, docker_cli, events
    ):
        name = new_name(registry.host)

        published = docker.execute(build_request(name, TO_REGISTRY, facts=facts, push=access), events.append)

        assert published.digest == self._digest(registry, name)
        assert published.location == f"the registry {registry.host}"
        assert access.prepared == [name]
        assert not docker_cli.exists(name), "the image is in the registry, not in the engine"
        assert any(isinstance(event, Progress) and event.step == "push" for event in events)
        assert not any(registry.password in repr(event) for event in events)

    def test_a_second_push_builds_from_the_cache(self, *, docker, facts, registry, access, new_name, events):
        unique = unique_file()
        first = build_request(new_name(registry.host), TO_REGISTRY, facts=facts, files=(unique,), push=access)
        second = build_request(
            new_name(registry.host), TO_REGISTRY, facts=facts, files=(unique,), push=access
        )

        docker.execute(first, lambda _: None)
        docker.execute(second, events.append)

        lines = [event.line for event in events if isinstance(event, Output)]
        added = lines.index(next(line for line in lines if "ADD layers/model.tar" in line))
        assert lines[added + 1] == " ---> Using cache"

    def test_an_image_that_had_the_name_before_has_it_again(
        self, *, docker, facts, base, registry, access, new_name, docker_cli, events
    ):
        name = new_name(registry.host)
        docker_cli("tag", base("debian"), name)
        before = docker_cli.inspect(name)["Id"]

        docker.execute(
            build_request(name, TO_REGISTRY, facts=facts, files=(unique_file(),), push=access), events.append
        )

        assert docker_cli.inspect(name)["Id"] == before

    def test_a_name_that_another_build_takes_meanwhile_is_noticed(
        self, *, docker, facts, base, registry, new_name, docker_cli, events
    ):
        name = new_name(registry.host)

        class Raced(Access):
            def prepare_push(self, image):
                docker_cli("tag", base("debian"), str(image))

        access = Raced(registry.host, registry.username, registry.password)
        request = build_request(name, TO_REGISTRY, facts=facts, files=(unique_file(),), push=access)
        with pytest.raises(EngineError, match="another build gave the name") as caught:
            docker.execute(request, events.append)

        assert caught.value.code == "name-taken"
        assert docker_cli.inspect(name)["Id"] == docker_cli.inspect(base("debian"))["Id"], "it is theirs now"

    @pytest.mark.parametrize("was_base64", [True, False])
    def test_a_wrong_password_is_told_before_anything_is_built(
        self, *, docker, facts, registry, new_name, docker_cli, events, was_base64
    ):
        name = new_name(registry.host)
        wrong = Access(registry.host, registry.username, "wr0ng", was_base64)

        with pytest.raises(RegistryError) as caught:
            docker.execute(build_request(name, TO_REGISTRY, facts=facts, push=wrong), events.append)

        assert f"the registry {registry.host} refused user 'packer' from connection my-registry" in str(
            caught.value
        )
        assert ("base64" in caught.value.hint) == was_base64
        assert "wr0ng" not in f"{caught.value} {events}"
        assert (events, wrong.prepared) == ([], [])
        assert not docker_cli.exists(name)

    def test_a_push_without_credentials_is_refused(
        self, *, docker, facts, registry, new_name, docker_cli, events
    ):
        name = new_name(registry.host)

        with pytest.raises(RegistryError, match="refused anonymous access") as caught:
            docker.execute(build_request(name, TO_REGISTRY, facts=facts), events.append)

        assert (caught.value.code, caught.value.exit_code) == ("registry-refused", 16)
        assert self._digest(registry, name) is None
        assert not docker_cli.exists(name)

    def test_a_registry_that_is_not_there_fails_the_push(
        self, *, docker, facts, new_name, docker_cli, events
    ):
        name = new_name("127.0.0.1:1")

        with pytest.raises(RegistryError, match="cannot push") as caught:
            docker.execute(build_request(name, TO_REGISTRY, facts=facts), events.append)

        assert caught.value.code == "registry-failed"
        assert not docker_cli.exists(name)

    def test_no_credentials_are_needed_where_none_are_asked(
        self, *, docker, facts, anonymous_registry, new_name, events
    ):
        name = new_name(anonymous_registry.host)

        published = docker.execute(build_request(name, TO_REGISTRY, facts=facts), events.append)

        assert published.digest.startswith("sha256:")

    def test_a_base_that_is_gone_is_pulled_again_with_its_own_password(
        self, *, docker, facts, registry, second_registry, access, new_name, docker_cli, events
    ):
        private, name = new_name(second_registry.host), new_name(registry.host)
        reader = Access(second_registry.host, second_registry.username, second_registry.password)
        docker.execute(
            build_request(private, TO_REGISTRY, facts=facts, files=(unique_file(),), push=reader),
            events.append,
        )
        resolved = docker.inspect_base(
            BaseImage(ImageReference.parse(private)), "linux/amd64", reader, events.append
        )
        docker_cli.remove(private)

        published = docker.execute(
            build_request(
                name, TO_REGISTRY, facts=resolved, files=(unique_file(),), push=access, pull=reader
            ),
            events.append,
        )

        assert published.digest == self._digest(registry, name)

    def test_secrets_are_nowhere_in_the_image(
        self, *, docker, facts, registry, access, new_name, docker_cli, events
    ):
        name = new_name(registry.host)
        docker.execute(build_request(name, TO_REGISTRY, facts=facts, push=access), events.append)
        docker.execute(build_request(name, ImageOutput("docker"), facts=facts), events.append)

        history = docker_cli("history", "--no-trunc", "--format", "{{json .}}", name)

        assert registry.password not in history + json.dumps(docker_cli.inspect(name))
