"""What the config of an image says, made from its base's and the instructions."""

import pytest

from odahu_pack_core.errors import EngineError
from odahu_pack_core.plan.files import TextFile
from odahu_pack_core.plan.instruction import Cmd, Copy, Entrypoint, Env, Expose, Label, Run, User, Workdir
from tests.core.engine.oci.parts import SETTINGS, base_image, oci_engine


@pytest.fixture
def config(layout):
    """Return the config of an image with more instructions."""

    def make(*instructions, base=None, **more):
        [(_, config)] = layout(*([base] if base else []), more=instructions, **more).images()
        return config

    return make


def test_the_bases_settings_stay_where_nothing_changes_them(config):
    settings = config()["config"]

    assert settings["Healthcheck"] == SETTINGS["Healthcheck"]
    assert settings["StopSignal"] == "SIGINT"
    assert settings["Volumes"] == {"/var/lib/base": {}}
    assert settings["Cmd"] == ["python3"]
    assert settings["Env"][:2] == SETTINGS["Env"]
    assert settings["Labels"] == {"of": "base", "org.odahu.pack.test": "engine"}


def test_what_concerned_the_making_of_the_base_is_left_behind(config):
    made = config()

    assert not {"docker_version", "container"} & set(made)
    assert not {"OnBuild", "Image"} & set(made["config"])


def test_a_variable_of_the_base_is_overridden_in_its_place(config):
    settings = config(Env("PATH", "/opt/bin"), Env("NEW", "1"), Env("NEW", "2"), Env("LAN", "x"))["config"]

    assert settings["Env"] == ["PATH=/opt/bin", "LANG=C.UTF-8", "NEW=2", "LAN=x", 'MODEL=a "b" $c \\']


def test_an_entrypoint_resets_the_bases_arguments(config):
    settings = config(Entrypoint(("serve", "--port", "1")))["config"]

    assert settings["Entrypoint"] == ["serve", "--port", "1"]
    assert "Cmd" not in settings


@pytest.mark.parametrize(
    "instructions",
    [(Entrypoint(("a",)), Cmd(("b",))), (Cmd(("b",)), Entrypoint(("a",)))],
    ids=["after", "before"],
)
def test_an_entrypoint_leaves_the_images_own_arguments(config, instructions):
    settings = config(*instructions)["config"]

    assert (settings["Entrypoint"], settings["Cmd"]) == (["a"], ["b"])


def test_the_last_of_each_counts(config):
    settings = config(User("1"), Workdir("/etc"), Expose(80), Expose(8080), Label("a", "1"), Label("a", "2"))[
        "config"
    ]

    assert settings["User"] == "65532:0"
    assert settings["WorkingDir"] == "/etc"
    assert settings["ExposedPorts"] == {"80/tcp": {}, "8080/tcp": {}}
    assert settings["Labels"]["a"] == "2"


def test_history_tells_each_instruction_after_the_bases(config):
    history = config(Expose(80))["history"]

    assert history[0] == {"created": "2024-02-01T00:00:00.5Z", "created_by": "ADD file in /"}
    assert [entry["created_by"] for entry in history[1:3]] == ["ADD layers/model.tar /", "EXPOSE 80"]
    assert [entry.get("empty_layer", False) for entry in history[1:3]] == [False, True]
    assert {entry["created"] for entry in history[1:]} == {"1970-01-01T00:00:00Z"}


@pytest.mark.parametrize("history", [None, [], [{"created_by": "a"}] * 3, [{"empty_layer": True}]])
def test_a_base_whose_history_does_not_fit_gets_another(config, history):
    base = base_image(TextFile("/a", b""), TextFile("/b", b""), history=history)

    made = config(base=base)["history"]

    assert [entry["created_by"].partition(" ")[0] for entry in made[:3]] == ["FROM", "FROM", "ADD"]


def test_the_variant_of_a_platform_is_kept(config):
    assert config(base=base_image(variant="v3"))["variant"] == "v3"


def test_a_base_without_settings_will_do(config):
    settings = config(base=base_image(config=None))["config"]

    assert set(settings) == {"Env", "Labels", "User"}


def test_the_date_is_the_users_where_there_is_one(config, environ):
    environ["SOURCE_DATE_EPOCH"] = "1700000000"

    made = config(Workdir("/srv/new"))

    assert made["created"] == made["history"][-1]["created"] == "2023-11-14T22:13:20Z"


def test_a_working_directory_that_nobody_makes_is_made(layout):
    made = layout(more=(Workdir("/srv/app/work"),), engine=None)

    [(manifest, config)] = made.images()
    added = made.entries(manifest)[-1]
    assert list(added) == ["/srv/app", "/srv/app/work"], "what any base has is not touched"
    assert {(entry.mode, entry.uid, entry.gid, entry.mtime) for entry in added.values()} == {(0o755, 0, 0, 0)}
    assert config["config"]["WorkingDir"] == "/srv/app/work"


@pytest.mark.parametrize("path", ["/", "/tmp", "/usr/local/bin", "/opt/odahu", "/var/lib"])
def test_a_working_directory_that_is_there_is_left_alone(layout, path):
    [(manifest, _)] = layout(more=(Workdir(path),)).images()

    assert len(manifest["layers"]) == 2


def test_the_bases_own_working_directory_is_left_alone(layout):
    base = base_image(config={"WorkingDir": "/app"})

    [(manifest, _)] = layout(base, more=(Workdir("/app"),)).images()

    assert len(manifest["layers"]) == 2


def test_an_extra_file_becomes_a_layer(layout):
    made = layout(more=(Copy("some/it's $x.txt", "/opt/new/x.txt"),), extra={"some/it's $x.txt": b"extra"})

    [(manifest, _)] = made.images()
    assert list(made.entries(manifest)[-1]) == ["/opt/new", "/opt/new/x.txt"]


def test_an_extra_file_that_is_not_there_is_told(layout):
    with pytest.raises(EngineError, match=r"'x\.txt', which is no file") as caught:
        layout(more=(Copy("x.txt", "/x.txt"),))

    assert caught.value.code == "bad-context"


def test_a_layer_that_nobody_made_is_told(layout):
    with pytest.raises(EngineError, match="the layer 'model', which the build was not given"):
        layout(layers={})


def test_what_must_run_is_refused_with_the_mend(layout, tmp_path):
    with pytest.raises(EngineError, match="cannot RUN /bin/sh") as caught:
        layout(more=(Run(("/bin/sh", "-c", "true")),))

    assert (caught.value.code, caught.value.hint) == (
        "engine-cannot",
        "use --engine docker or --engine buildah",
    )
    assert not (tmp_path / "layout").exists()


def test_more_layers_than_a_container_can_mount_are_refused(environ, layout):
    base = base_image(*(TextFile(f"/{number}", b"") for number in range(127)))

    with pytest.raises(EngineError, match="would have 128 layers") as caught:
        layout(engine=oci_engine(environ, base))

    assert caught.value.code == "too-many-layers"
