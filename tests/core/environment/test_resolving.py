"""Which packages are chosen, from where, and what is said when they cannot be had."""

import base64
import contextlib
import hashlib
import http.server
import threading

import pytest

from odahu_pack_core.environment.environments import Environments
from odahu_pack_core.errors import DependencyError
from odahu_pack_core.events import Notice
from odahu_pack_core.plan.base import BaseFacts
from odahu_pack_core.plan.reference import ImageReference
from tests.core.environment.conftest import facts, pack, wanted
from tests.core.environment.wheelhouse import build_wheel

SECRET = "s3cr3t-w0rd"


def versions(resolved):
    return {package.name: package.version for package in resolved.packages}


def keys(resolved):
    return [part.key for part in resolved.parts]


@pytest.fixture
def resolve(environments, recorder, tmp_path):
    def resolve(*pip, base=None, **other):
        return environments.resolve(wanted(*pip, **other), base or facts(), tmp_path, recorder.emit)

    return resolve


def test_requires_python_of_the_images_python_counts(resolve, house):
    build_wheel(house, "aging", "1.0", requires_python=">=3.6")
    build_wheel(house, "aging", "2.0", requires_python=">=3.8.5")
    chosen = {
        python: versions(
            resolve("aging", base=facts(python, "/usr/bin/python3", env={"PYTHON_VERSION": full}))
        )
        for python, full in [("3.6", "3.6.15"), ("3.8", "3.8.4"), ("3.8 ", ""), ("3.13", "3.13.0")]
        if not python.endswith(" ")
    }
    assert chosen == {"3.6": {"aging": "1.0"}, "3.8": {"aging": "1.0"}, "3.13": {"aging": "2.0"}}


def test_an_unknown_patch_release_is_the_oldest_that_distributions_ship(resolve, house):
    build_wheel(house, "patchy", "1.0", requires_python=">=3.6")
    build_wheel(house, "patchy", "2.0", requires_python=">=3.6.1")
    build_wheel(house, "patchy", "3.0", requires_python=">=3.6.12")
    assert versions(resolve("patchy", base=facts("3.6", "/usr/bin/python3"))) == {"patchy": "2.0"}


def test_an_upper_bound_for_python_is_told(made, recorder, house):
    build_wheel(house, "bounded", "1.0", requires_python=">=3.6,<3.7")
    made(wanted("bounded"), facts("3.11", env={"PYTHON_VERSION": "3.11.7"}))
    [told] = recorder.of(Notice)
    assert told.severity == "warning"
    assert "bounded 1.0" in told.message
    assert "3.11.7" in told.message


def test_markers_are_those_of_the_image(resolve, house):
    build_wheel(
        house,
        "marked",
        "1.0",
        requires=(
            "sharing; python_version < '3.8'",
            "hiding; platform_machine == 'aarch64'",
            "greeter; sys_platform == 'win32'",
        ),
    )
    arm = facts("3.11", "/usr/bin/python3", platform="linux/arm64")
    assert set(versions(resolve("marked", base=arm))) == {"marked", "hiding"}
    assert set(versions(resolve("marked", base=facts("3.6", "/usr/bin/python3")))) == {"marked", "sharing"}


@pytest.mark.parametrize(
    ("base", "wheel"),
    [
        (facts("3.11", platform="linux/amd64"), "cp311-cp311-manylinux_2_17_x86_64"),
        (facts("3.11", platform="linux/arm64"), "cp311-cp311-manylinux_2_17_aarch64"),
        (facts("3.11", platform="linux/amd64", libc="musl"), "cp311-cp311-musllinux_1_1_x86_64"),
        (facts("3.6", "/x", platform="linux/amd64"), "cp36-cp36m-manylinux1_x86_64"),
        (facts("3.12", "/x", platform="linux/amd64"), "cp38-abi3-manylinux_2_28_x86_64"),
    ],
)
def test_each_platform_gets_its_own_wheel(made, tmp_path, environ, base, wheel):
    tags = [
        "cp311-cp311-manylinux_2_17_x86_64",
        "cp311-cp311-manylinux_2_17_aarch64",
        "cp311-cp311-musllinux_1_1_x86_64",
        "cp36-cp36m-manylinux1_x86_64",
        "cp38-abi3-manylinux_2_28_x86_64",
    ]
    house = tmp_path / "compiled"
    for tag in tags:
        build_wheel(house, "compiled", "1.0", {"compiled.py": f"TAG = {tag!r}\n"}, tag=tag)
    environ["UV_FIND_LINKS"] = str(house)
    tar = made(wanted("compiled"), base)
    assert f"TAG = {wheel!r}".encode() in tar.content


def test_constraints_bind(resolve, house):
    build_wheel(house, "bound", "1.0")
    build_wheel(house, "bound", "2.0")
    assert versions(resolve("bound")) == {"bound": "2.0"}
    assert versions(resolve("bound", constraints=("bound<2",))) == {"bound": "1.0"}
    assert versions(resolve("greeter", constraints=("bound<2",))) == {"greeter": "1.0"}


def test_a_wheel_of_the_artifact_is_installed_with_its_requirements(unpacked, resolve, tmp_path):
    build_wheel(tmp_path / "art wheels", "local", "3.1", requires=("greeter",))
    path = "art wheels/local-3.1-py3-none-any.whl"
    resolved = resolve(wheels=(path,))
    assert versions(resolved) == {"greeter": "1.0", "local": "3.1"}
    assert [package.wheel for package in resolved.packages] == ["", path]
    prefix = unpacked(wheels=(path,))
    assert {p.name for p in prefix.glob("lib/*/site-packages/local*")} == {"local.py", "local-3.1.dist-info"}
    assert not list(prefix.rglob("direct_url.json"))


def test_another_wheel_of_the_same_name_is_another_layer(resolve, tmp_path):
    path = "local-1.0-py3-none-any.whl"
    build_wheel(tmp_path, "local", "1.0", {"local.py": "A = 1\n"})
    first = resolve(wheels=(path,))
    build_wheel(tmp_path, "local", "1.0", {"local.py": "A = 2\n"})
    assert keys(resolve(wheels=(path,))) != keys(first)


def test_a_folder_of_wheels_in_the_artifact_is_searched(resolve, made, tmp_path, environ):
    environ["UV_FIND_LINKS"] = ""
    build_wheel(tmp_path / "house", "homely", "1.0")
    assert versions(resolve("homely", find_links=("house",), no_index=True)) == {"homely": "1.0"}
    made(wanted("homely", find_links=("house",), no_index=True))


def test_written_digests_must_be_those_of_the_wheel(resolve):
    right = resolve("greeter").packages[0].hashes[0]
    assert resolve(f"greeter==1.0 --hash={right}").packages[0].hashes == (right,)
    wrong = "sha256:" + "0" * 64
    assert resolve(f"greeter==1.0 --hash={wrong} --hash={right}").packages[0].hashes == (right,)
    with pytest.raises(DependencyError, match=r"greeter 1\.0") as told:
        resolve(f"greeter==1.0 --hash={wrong}")
    assert told.value.code == "hash-mismatch"


def test_a_package_that_changed_after_it_was_locked_is_refused(environments, recorder, tmp_path, environ):
    house = tmp_path / "changing"
    environ["UV_FIND_LINKS"] = str(house)
    build_wheel(house, "changing", "1.0")
    resolved = environments.resolve(wanted("changing"), facts(), tmp_path, recorder.emit)
    build_wheel(house, "changing", "1.0", {"changing.py": "evil = True\n"})
    environ["UV_CACHE_DIR"] = str(tmp_path / "another machine")
    with pytest.raises(DependencyError) as told:
        pack(environments, wanted("changing"), resolved, facts(), tmp_path, recorder.emit)
    assert told.value.code == "hash-mismatch"


def test_a_missing_package_is_named(resolve):
    with pytest.raises(DependencyError, match="surely-absent") as told:
        resolve("surely-absent==1")
    assert told.value.code == "no-such-package"
    assert told.value.exit_code == 14


def test_a_missing_wheel_is_named_with_the_mend(resolve, house):
    build_wheel(house, "elsewhere", "1.0", tag="cp27-cp27m-win32")
    with pytest.raises(DependencyError, match="elsewhere") as told:
        resolve("elsewhere")
    assert told.value.code == "no-wheel"
    assert "--build-from-source" in told.value.hint


def test_a_wheel_that_one_of_several_platforms_lacks_is_named_with_it(resolve, house):
    build_wheel(house, "onesided", "1.0", tag="cp311-cp311-manylinux_2_17_x86_64")
    assert versions(resolve("onesided", base=facts("3.11"))) == {"onesided": "1.0"}
    with pytest.raises(
        DependencyError, match=r"onesided.* has no wheel for Python 3\.11 on linux/arm64"
    ) as told:
        resolve("onesided", base=facts("3.11", platform="linux/arm64"))
    assert told.value.code == "no-wheel"
    assert "platform" in told.value.hint


def test_a_package_of_which_no_version_has_a_wheel_is_named_with_the_platform(resolve, house):
    for version in ("1.0", "2.0"):
        build_wheel(house, "onesided", version, tag="cp311-cp311-manylinux_2_17_x86_64")
    with pytest.raises(
        DependencyError, match=r"^onesided has no wheel for Python 3\.11 on linux/arm64"
    ) as told:
        resolve("onesided", base=facts("3.11", platform="linux/arm64"))
    assert told.value.code == "no-wheel"


def test_a_contradiction_is_explained(resolve, house):
    build_wheel(house, "choosy", "1.0", requires=("greeter>=2",))
    with pytest.raises(DependencyError, match="choosy") as told:
        resolve("choosy", "greeter==1.0")
    assert told.value.code in {"unresolvable", "no-such-package"}
    assert "greeter" in told.value.message


def test_an_index_that_cannot_be_reached_is_told(environ, resolve):
    del environ["UV_CONFIG_FILE"]
    environ.update(UV_NO_CONFIG="1", UV_DEFAULT_INDEX="http://127.0.0.1:9/simple", UV_HTTP_RETRIES="0")
    with pytest.raises(DependencyError, match=r"127\.0\.0\.1:9") as told:
        resolve("greeter")
    assert told.value.code == "index-unreachable"


def test_a_base_without_python_is_told(environments, recorder, tmp_path):
    bare = BaseFacts(ImageReference.parse("scratchy"), "", "linux/amd64", None, None)
    with pytest.raises(DependencyError, match="no Python"):
        environments.resolve(wanted("greeter"), bare, tmp_path, recorder.emit)
    with pytest.raises(DependencyError, match="linux/s390x"):
        environments.resolve(wanted("greeter"), facts(platform="linux/s390x"), tmp_path, recorder.emit)


def test_settings_of_projects_are_not_read(recorder, environ, tmp_path, monkeypatch):
    project = tmp_path / "project"
    project.mkdir()
    (project / "uv.toml").write_text("this is not = [ valid")
    (project / "pyproject.toml").write_text("[tool.uv]\nno-index = 'broken'")
    monkeypatch.chdir(project)
    del environ["UV_CONFIG_FILE"]
    environments = Environments(project / "cache", environ, recorder)
    layer = wanted("greeter", no_index=True)
    environ["UV_FIND_LINKS"] = str(tmp_path / "links")
    build_wheel(tmp_path / "links", "greeter", "5.0")
    resolved = environments.resolve(layer, facts(), tmp_path, recorder.emit)
    assert versions(resolved) == {"greeter": "5.0"}


def test_settings_of_the_user_are_read(recorder, environ, cache_dir, tmp_path, home):
    del environ["UV_CONFIG_FILE"]
    environ["XDG_CONFIG_HOME"] = str(home / "config")
    (home / "config" / "uv").mkdir(parents=True)
    settings = home / "config" / "uv" / "uv.toml"
    environments = Environments(cache_dir, environ, recorder)
    for number in (1, 2):
        house = tmp_path / f"house{number}"
        build_wheel(house, "mine", f"{number}.0")
        settings.write_text(f'no-index = true\nfind-links = ["{house}"]\n')
        resolved = environments.resolve(wanted("mine"), facts(), tmp_path, recorder.emit)
        assert versions(resolved) == {"mine": f"{number}.0"}


@pytest.mark.parametrize(
    "name", ["UV_RESOLUTION", "UV_PYTHON", "UV_CONSTRAINT", "UV_TARGET", "PYTHONHOME", "PYTHONPATH"]
)
def test_variables_that_change_what_is_installed_are_not_passed_on(unpacked, environ, name):
    environ[name] = "lowest" if name == "UV_RESOLUTION" else "/nowhere"
    assert (unpacked("greeter") / "bin" / "greet").exists()


@contextlib.contextmanager
def index_with_password(house, link=lambda wheel: f'<a href="/{wheel.name}">{wheel.name}</a>'):
    """Serve wheels to those who know the password."""
    expected = "Basic " + base64.b64encode(f"bob:{SECRET}".encode()).decode()

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments):
            super().__init__(*arguments, directory=str(house))

        def do_GET(self):
            if self.headers.get("Authorization") != expected:
                self.send_response(401)
                self.send_header("WWW-Authenticate", "Basic")
                self.end_headers()
            elif self.path.startswith("/simple/"):
                project = self.path.split("/")[2]
                links = "".join(map(link, house.glob(f"{project}-*.whl")))
                self.send_response(200 if links else 404)
                self.send_header("Content-Type", "text/html")
                self.end_headers()
                self.wfile.write(links.encode())
            else:
                super().do_GET()

        def log_message(self, *arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("way", ["url", "variables"])
def test_a_password_opens_an_index_and_is_seen_nowhere(recorder, environ, cache_dir, tmp_path, house, way):
    del environ["UV_CONFIG_FILE"]
    environ.update(UV_NO_CONFIG="1", UV_CACHE_DIR=str(tmp_path / "uv"), UV_HTTP_RETRIES="0")
    environments = Environments(cache_dir, environ, recorder)
    with index_with_password(house) as host:
        if way == "url":
            environ["UV_DEFAULT_INDEX"] = f"http://bob:{SECRET}@{host}/simple"
        else:
            environ["UV_DEFAULT_INDEX"] = f"mine=http://{host}/simple"
            environ.update(UV_INDEX_MINE_USERNAME="bob", UV_INDEX_MINE_PASSWORD=SECRET)
        resolved = environments.resolve(wanted("greeter"), facts(), tmp_path, recorder.emit)
        tar = pack(environments, wanted("greeter"), resolved, facts(), tmp_path, recorder.emit)
        with pytest.raises(DependencyError) as absent:
            environments.resolve(wanted("absent"), facts(), tmp_path, recorder.emit)
    with pytest.raises(DependencyError) as gone:
        environments.resolve(wanted("sharing"), facts(), tmp_path, recorder.emit)
    seen = [repr(resolved), repr(recorder.events), str(absent.value), str(gone.value)]
    seen += [repr(command) for command in recorder.commands]
    seen += [path.read_text(errors="replace") for path in cache_dir.rglob("*") if path.is_file()]
    assert tar.paths[0].exists()
    assert not [text for text in seen if SECRET in text]


def test_an_index_that_tells_other_digests_than_usual_is_believed(
    recorder, environ, cache_dir, tmp_path, house
):
    def link(wheel):
        return f'<a href="/{wheel.name}#md5={hashlib.md5(wheel.read_bytes()).hexdigest()}">{wheel.name}</a>'

    del environ["UV_CONFIG_FILE"]
    environ.update(UV_NO_CONFIG="1", UV_CACHE_DIR=str(tmp_path / "uv"))
    environments = Environments(cache_dir, environ, recorder)
    with index_with_password(house, link) as host:
        environ["UV_DEFAULT_INDEX"] = f"http://bob:{SECRET}@{host}/simple"
        resolved = environments.resolve(wanted("greeter"), facts(), tmp_path, recorder.emit)
        made = pack(environments, wanted("greeter"), resolved, facts(), tmp_path, recorder.emit)
    [digest] = resolved.packages[0].hashes
    assert digest.startswith("md5:")
    assert any(name.endswith("greeter.py") for name in made.files)


def test_a_refused_index_is_told_without_its_password(recorder, environ, cache_dir, tmp_path, house):
    del environ["UV_CONFIG_FILE"]
    environ.update(UV_NO_CONFIG="1", UV_HTTP_RETRIES="0")
    environments = Environments(cache_dir, environ, recorder)
    with index_with_password(house) as host:
        environ["UV_DEFAULT_INDEX"] = f"http://bob:wr0ng-w0rd@{host}/simple"
        with pytest.raises(DependencyError) as told:
            environments.resolve(wanted("greeter"), facts(), tmp_path, recorder.emit)
    assert told.value.code == "index-refused"
    assert "wr0ng-w0rd" not in f"{told.value}{told.value!r}{recorder.events}"


@pytest.mark.parametrize(("said", "heard"), [({}, "true"), ({"UV_SYSTEM_CERTS": "false"}, "false")])
def test_an_index_is_trusted_as_the_machine_trusts_it_unless_the_user_says_otherwise(
    resolve, recorder, environ, said, heard
):
    environ.pop("UV_SYSTEM_CERTS", None)
    environ.update(said)
    resolve("greeter")
    of_uv = [command.env for command in recorder.commands if command.arguments[0].endswith("/uv")]
    assert {env["UV_SYSTEM_CERTS"] for env in of_uv} == {heard}
