"""The public names: complete, importable, cheap to import, and all that plugins use."""

import ast
import importlib
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import odahu_pack_core
import odahu_pack_core.gppi_runtime.tensors
from odahu_pack_core import gppi_runtime

PACKAGE = Path(odahu_pack_core.__file__).parent
PLUGINS = PACKAGE.parent / "plugins"
SOURCE = ast.parse((PACKAGE / "__init__.py").read_text())
HEAVY = ("docker", "boto3", "botocore", "httpx", "rich", "jinja2", "pydantic", "yaml", "click", "zstandard")
PROMISED = {
    "load_entities",
    "render_image_name",
    "plan_model",
    "package_model",
    "PluginCatalog",
    "ModelPackaging",
    "PackagingIntegration",
    "Connection",
    "BuildPlan",
    "PackagingResult",
    "hookimpl",
}


def imported_for_type_checkers():
    """Return the names under TYPE_CHECKING with the modules they come from."""
    (block,) = [node for node in SOURCE.body if isinstance(node, ast.If)]
    assert ast.unparse(block.test) == "TYPE_CHECKING"
    return {
        alias.asname: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def test_what_is_promised_is_exported():
    assert set(odahu_pack_core.__all__) >= PROMISED


def test_all_names_what_is_exported_sorted_and_once():
    names = odahu_pack_core.__all__
    assert len(names) == len(set(names))
    assert set(names) == set(odahu_pack_core._HOME_OF)
    assert set(dir(odahu_pack_core)) == set(names)


@pytest.mark.parametrize("name", odahu_pack_core.__all__)
def test_a_name_is_importable_from_where_type_checkers_see_it(name):
    home = imported_for_type_checkers()[name]
    assert home == odahu_pack_core._HOME_OF[name]
    assert getattr(odahu_pack_core, name) is getattr(importlib.import_module(f"odahu_pack_core.{home}"), name)


def test_type_checkers_see_no_other_names():
    assert set(imported_for_type_checkers()) == set(odahu_pack_core.__all__)


def test_another_name_is_not_there():
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        _ = odahu_pack_core.nonsense
    with pytest.raises(ImportError):
        from odahu_pack_core import nonsense  # noqa: F401, PLC0415  # it is not there


def loaded_by(code):
    """Return which heavy packages a fresh interpreter has loaded after some code."""
    show = f"import sys; print(*[name for name in {HEAVY} if name in sys.modules])"
    run = subprocess.run(
        [sys.executable, "-c", f"{code}\n{show}"], capture_output=True, text=True, timeout=60, check=True
    )
    return run.stdout.split()


def test_importing_the_package_loads_nothing_heavy():
    assert loaded_by("import odahu_pack_core") == []


def test_the_errors_load_nothing_heavy():
    assert loaded_by("from odahu_pack_core import OdahuPackError, did_you_mean") == []


def test_plugins_and_pipeline_load_no_client():
    code = "from odahu_pack_core import PluginCatalog, plan_model, package_model\nPluginCatalog.load()"
    assert set(loaded_by(code)) <= {"pydantic", "yaml", "click"}


def test_every_public_object_is_documented():
    values = {name: getattr(odahu_pack_core, name) for name in odahu_pack_core.__all__}
    documented = {
        name: value for name, value in values.items() if inspect.isclass(value) or inspect.isfunction(value)
    }
    assert [name for name, value in documented.items() if not value.__doc__] == []


def host_modules_of_plugins():
    inside_images = ("server", "cli", "triton_runtime")
    for path in sorted(PLUGINS.glob("*/odahu_pack_*/**/*.py")):
        within = path.relative_to(PLUGINS).parts[2:-1]
        if not within or within[0] not in inside_images:
            yield path


def core_imports(path):
    """Return what a module imports of the core: the module, and the names from it."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "odahu_pack_core":
            yield node.module, {alias.name for alias in node.names}
        elif isinstance(node, ast.Import):
            yield from (
                (alias.name, set()) for alias in node.names if alias.name.startswith("odahu_pack_core")
            )


HOST_MODULES = tuple(host_modules_of_plugins())


# The runtime of images is public, too: what a model's tensors are is the same question on both sides.
PUBLIC_MODULES = (odahu_pack_core, gppi_runtime, gppi_runtime.tensors)


@pytest.mark.parametrize("path", HOST_MODULES, ids=lambda path: "/".join(path.parts[-2:]))
def test_a_plugin_imports_public_names_only(path):
    public = {module.__name__: set(module.__all__) for module in PUBLIC_MODULES}
    for module, names in core_imports(path):
        assert names <= public[module]


IN_IMAGES = (
    *PLUGINS.glob("docker_rest/odahu_pack_docker_rest/server/**/*.py"),
    *PLUGINS.glob("docker_cli/odahu_pack_docker_cli/cli/**/*.py"),
    *PLUGINS.glob("triton/odahu_pack_triton/triton_runtime/**/*.py"),
    *PACKAGE.glob("gppi_runtime/*.py"),
)


@pytest.mark.parametrize("path", IN_IMAGES, ids=lambda path: "/".join(path.parts[-2:]))
def test_code_of_images_imports_nothing_of_ours_but_the_island(path):
    assert list(core_imports(path)) == []
    roots = {name.partition(".")[0] for name in absolute_imports(path)}
    assert {root for root in roots if root.startswith("odahu_pack")} == set()


def absolute_imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def test_there_is_code_of_images():
    assert len(IN_IMAGES) > 20


def test_plugins_do_import_of_the_core():
    assert sum(len(list(core_imports(path))) for path in HOST_MODULES) >= 3
