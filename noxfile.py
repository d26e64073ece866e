"""One session per concern; ``nox -s ci`` is what a change must pass."""

import logging
import shutil
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["lint", "tests"]
nox.options.error_on_external_run = True

ROOT = Path(__file__).parent
DISTRIBUTIONS = (".", "plugins/docker_rest", "plugins/docker_cli", "plugins/triton")
_SERVER = "plugins/docker_rest/odahu_pack_docker_rest/server"
PATHS_OF_IMAGES = (
    "odahu_pack_core",
    f"{_SERVER}/wire",
    f"{_SERVER}/front",
    f"{_SERVER}/worker",
    "plugins/docker_cli/odahu_pack_docker_cli/cli",
    "plugins/triton/odahu_pack_triton/triton_runtime",
)
CODE_OF_IMAGES = (
    "-p=gppi_runtime",
    "-m=odahu_wire",
    "-p=odahu_front",
    "-p=odahu_worker",
    "-p=odahu_cli",
    "-p=odahu_triton",
    "-m=model",
)
STRICT = (
    "--config-file=/dev/null",
    "--strict",
    "--warn-unreachable",
    "--enable-error-code=ignore-without-code",
    "--enable-error-code=redundant-expr",
    "--enable-error-code=truthy-bool",
)
LOAD_PLUGINS = """\
from importlib.metadata import entry_points
print(*sorted(plugin.load().__name__ for plugin in entry_points(group="odahu_pack")))
"""


@nox.session
def tests(session: nox.Session) -> None:
    """Run the hermetic tests: no engine, no registry, under a minute."""
    _install(session, "test")
    session.run("python", "-m", "pytest", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style, types and who imports whom."""
    _install(session, "test", "engine", "lint", extra=("nox",))
    _lint(session)


@nox.session
def ci(session: nox.Session) -> None:
    """Run everything that a change must pass: linters, then all tests on real parts.

    Needs root for what is not installed yet; pytest's summary is the last line, also of a failure.
    """
    _install(session, "test", "engine", "lint", extra=("nox",))
    session.run("python", "-m", "workbench", "install")
    _lint(session)
    _leave_the_last_word_to_pytest()
    required = {"ODAHU_PACK_REQUIRE_ENGINES": "1"}
    session.run("python", "-m", "pytest", "--engines", *session.posargs, env=required)


@nox.session
def soak(session: nox.Session) -> None:
    """Run the long tests in full: the slow ones, a server under fire, properties with thousands of cases."""
    _install(session, "test", "engine")
    thorough = {"HYPOTHESIS_PROFILE": "thorough", "ODAHU_PACK_SOAK_SECONDS": "600"}
    session.run(
        "python", "-m", "pytest", "--engines", "-m", "slow or property", *session.posargs, env=thorough
    )


@nox.session(python="3.11")  # atheris has wheels for some Pythons only
def fuzz(session: nox.Session) -> None:
    """Fuzz what reads and judges configurations of Triton; seconds and a folder of findings may follow."""
    _install(session, "test", "engine", extra=("atheris>=2.3",))
    session.run("python", "-m", "tests.fuzz.fuzz_triton", *session.posargs)


@nox.session
def benchmark(session: nox.Session) -> None:
    """Measure, and keep the figures in benchmarks/results/."""
    _install(session, "test", "engine")
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session
def build(session: nox.Session) -> None:
    """Build the four wheels and install each into a clean environment of its own."""
    session.install("build", "uv")
    wheels = ROOT / "dist"
    shutil.rmtree(wheels, ignore_errors=True)
    for distribution in DISTRIBUTIONS:
        session.run(
            "python", "-m", "build", "--installer=uv", f"--outdir={wheels}", distribution, silent=True
        )
    for wheel in sorted(wheels.glob("*.whl")):
        _try_wheel(session, wheel, wheels)


def _install(session: nox.Session, *groups: str, extra: tuple[str, ...] = ()) -> None:
    requirements = nox.project.dependency_groups(nox.project.load_toml(ROOT / "pyproject.toml"), *groups)
    editable = [argument for distribution in DISTRIBUTIONS for argument in ("-e", distribution)]
    session.install(*editable, *requirements, *extra)


def _lint(session: nox.Session) -> None:
    session.run("ruff", "check", ".", "demo")
    session.run("ruff", "format", "--check", ".", "demo")
    session.run("mypy")
    session.run("mypy", "demo")
    session.run("mypy", *STRICT, *CODE_OF_IMAGES, env={"MYPYPATH": ":".join(PATHS_OF_IMAGES)})
    session.run("lint-imports")


def _leave_the_last_word_to_pytest() -> None:
    """Silence what nox says after a command; its exit code still tells how the session went."""
    logging.getLogger("nox").setLevel(logging.CRITICAL)


def _try_wheel(session: nox.Session, wheel: Path, wheels: Path) -> None:
    environment = Path(session.create_tmp()) / wheel.name.partition("-")[0]
    python = str(environment / "bin" / "python")
    session.run(
        "uv", "venv", "--quiet", "--clear", f"--python={session.virtualenv.bin}/python", str(environment)
    )
    install = (
        "uv",
        "pip",
        "install",
        "--quiet",
        "--no-config",
        f"--python={python}",
        f"--find-links={wheels}",
        # uv remembers a wheel of this version from an earlier build.
        *(f"--refresh-package={path.name.partition('-')[0]}" for path in wheels.glob("*.whl")),
    )
    session.run(*install, str(wheel))
    session.run(python, "-I", "-c", LOAD_PLUGINS, external=True)
