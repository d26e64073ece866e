"""The tables of the documentation, made from the product: ``python -m tests.docs.tables`` writes them anew.

A table stands between ``<!-- table: NAME -->`` and ``<!-- end of table -->``.
"""

import inspect
import re
from pathlib import Path

from odahu_pack_core import PluginCatalog
from odahu_pack_core import errors as families
from odahu_pack_core.plugins import hookspecs

REPOSITORY = Path(__file__).parents[2]
DOCUMENTS = (
    REPOSITORY / "README.md",
    REPOSITORY / "docs" / "plugins.md",
    REPOSITORY / "plugins" / "docker_rest" / "README.md",
    REPOSITORY / "plugins" / "docker_cli" / "README.md",
)
PLACE = re.compile(r"(<!-- table: ([\w -]+) -->\n).*?(<!-- end of table -->)", re.DOTALL)


def written_anew(text, catalog):
    """Return a document with every table as the product has it."""
    return PLACE.sub(lambda place: f"{place[1]}{table(place[2], catalog)}{place[3]}", text)


def table(name, catalog):
    kind, _, of = name.partition(" ")
    if of:
        record = catalog.packager(of)
        return {"arguments": arguments, "targets": targets}[kind](record)
    return {
        "engines": lambda: engines(catalog),
        "packagers": lambda: offered("`integrationName`", catalog.packagers),
        "connections": lambda: offered("`type`", catalog.connection_types),
        "errors": errors,
        "hooks": hooks,
    }[kind]()


def arguments(record):
    schema = record.arguments.model_json_schema(by_alias=True)
    rows = [
        (
            f"`{name}`",
            *_type_and_bounds(field),
            _default(field),
            "yes" if name in schema.get("required", ()) else "no",
            field["description"],
        )
        for name, field in schema["properties"].items()
    ]
    return markdown(("Argument", "Type", "Default", "Required", "Meaning"), rows)


def targets(record):
    rows = [
        (
            f"`{rule.name}`",
            " or ".join(rule.connection_types),
            "yes" if rule.required else "no",
            rule.description,
        )
        for rule in record.targets
    ]
    return markdown(("Target", "Connection type", "Required", "Meaning"), rows)


def offered(title, provided):
    rows = [(f"`{name}`", each.record.summary) for name, each in sorted(provided.items())]
    return markdown((title, "What it is"), rows)


def engines(catalog):
    records = sorted((each.record for each in catalog.engines.values()), key=lambda record: record.rank)
    rows = [
        (
            f"`{record.name}`",
            record.summary,
            ", ".join(f"`{output}`" for output in sorted(record.outputs)),
            "yes" if record.runs else "no",
            "yes" if record.several_platforms else "no",
        )
        for record in records
    ]
    return markdown(("Engine", "What it is", "Brings images to", "Executes `RUN`", "Several platforms"), rows)


def errors():
    found = [
        each
        for each in vars(families).values()
        if isinstance(each, type) and each.__module__ == families.__name__
    ]
    rows = [
        (f"`{each.__name__}`", str(each.exit_code), inspect.getdoc(each).partition("\n")[0])
        for each in sorted(found, key=lambda each: each.exit_code)
    ]
    return markdown(("Error", "Exit code", "What went wrong"), rows)


def hooks():
    rows = [
        (
            f"`{name}({', '.join(inspect.signature(hook).parameters)})`",
            inspect.getdoc(hook).partition("\n")[0],
        )
        for name, hook in vars(hookspecs).items()
        if name.startswith("odahu_pack_")
    ]
    return markdown(("Hook", "What it is for"), rows)


def markdown(titles, rows):
    lines = (titles, ["---"] * len(titles), *rows)
    return "".join(f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |\n" for line in lines)


def _type_and_bounds(field):
    [field, *_] = [each for each in field.get("anyOf", [field]) if each.get("type") != "null"]
    low, high = field.get("minimum"), field.get("maximum")
    bounds = f" {low} to {high}" if high is not None else f" ≥ {low}" if low is not None else ""
    return (field["type"] + bounds,)


def _default(field):
    return "" if field.get("default") is None else f"`{field['default']}`"


def main():
    catalog = PluginCatalog.load()
    for document in DOCUMENTS:
        document.write_text(written_anew(document.read_text(), catalog))


if __name__ == "__main__":
    main()
