"""The tables of the documentation, made from the product: ``python -m tests.docs.tables`` writes them anew.

A table stands between ``<!-- table: NAME -->`` and ``<!-- end of table -->``.
"""

import inspect
import json
import re
from pathlib import Path

from odahu_pack_core import PluginCatalog
from odahu_pack_core import errors as families
from odahu_pack_core.plugins import hookspecs

REPOSITORY = Path(__file__).parents[2]
RESULTS = REPOSITORY / "benchmarks" / "results"
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
        "contest": contest,
        "weights": large_weights,
        "servers": servers,
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


def contest():
    """Tell who takes how long to bring a model into a registry, and how much odahu-pack sends."""
    rows = {row["What"]: row for row in kept_rows("against")}
    scenarios = list(dict.fromkeys(what.partition(", ")[0] for what in rows))
    contenders = list(dict.fromkeys(what.partition(", ")[2] for what in rows))
    lines = [
        (
            scenario,
            *(seconds(rows[f"{scenario}, {who}"]["Seconds"]) for who in contenders),
            f"{rows[f'{scenario}, {contenders[0]}']['MB sent']:.2f} MB",
        )
        for scenario in scenarios
    ]
    return markdown(("", *contenders, f"sent by {contenders[0]}"), lines)


def large_weights():
    """Tell how long large weights take."""
    lines = [
        (
            row["Weights"],
            seconds(row["Seconds"]),
            seconds(row["Seconds of the floor"]),
            seconds(row["Seconds of Docker"]) if row["Seconds of Docker"] else "",
            f"{row['Peak MiB']['median']:.0f} MiB",
        )
        for row in kept_rows("weights")
    ]
    columns = (
        "New weights",
        "odahu-pack",
        "read, hash, one PUT",
        "docker build and push",
        "odahu-pack's memory",
    )
    return markdown(columns, lines)


def servers():
    """Tell how many requests one worker answers, how soon, and in how much memory."""
    rows = {row["What"]: row for row in kept_rows("serving")}
    loads = list(dict.fromkeys(", ".join(what.split(", ")[:2]) for what in rows))
    contenders = list(dict.fromkeys(", ".join(what.split(", ")[2:]) for what in rows))
    lines = [
        (
            who,
            *(f"{rows[f'{load}, {who}']['Requests/s']['median']:,.0f}/s" for load in loads),
            f"{rows[f'{loads[0]}, {who}']['p99 ms']['median']:.1f} ms",
            f"{max(rows[f'{load}, {who}']['PSS MiB'] for load in loads):.0f} MiB",
        )
        for who in contenders
    ]
    return markdown(("", *loads, f"p99, {loads[0]}", "memory"), lines)


def kept_rows(name):
    return json.loads((RESULTS / f"{name}.json").read_text())["rows"]


def seconds(spread):
    return f"{spread['median']:.{2 if spread['median'] < 10 else 1}f} s"


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
