"""Files and folders of entities: every fault at once, each with file, document, line and field path."""

import pytest

from odahu_pack_core.errors import SpecError
from odahu_pack_core.spec.connection import Connection
from odahu_pack_core.spec.document import MOST_BYTES
from odahu_pack_core.spec.integration import PackagingIntegration
from odahu_pack_core.spec.loading import load_all, load_entities
from odahu_pack_core.spec.packaging import ModelPackaging

PACKAGING = "kind: ModelPackaging\nid: {id}\nspec:\n  integrationName: docker-rest\n"
CONNECTION = "kind: Connection\nid: {id}\nspec:\n  type: docker\n  uri: gcr.io/project\n"
INTEGRATION = "kind: PackagingIntegration\nid: {id}\nspec:\n  packager: docker-rest\n"


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def refusal(path):
    with pytest.raises(SpecError) as caught:
        load_entities(path)
    return caught.value.message


def test_every_kind_in_one_file_in_order(tmp_path):
    text = "---\n".join((CONNECTION.format(id="c"), PACKAGING.format(id="p"), INTEGRATION.format(id="i")))
    entities = load_entities(write(tmp_path / "all.yaml", text))
    assert [type(entity) for entity in entities] == [Connection, ModelPackaging, PackagingIntegration]
    assert entities[1].place(("spec", "integrationName")) == f"{tmp_path}/all.yaml, document 2, line 10"


def test_a_list_of_entities_as_odahu_prints_it(tmp_path):
    text = '[{"kind": "Connection", "id": "c", "spec": {"type": "docker", "uri": "gcr.io"}}]'
    (connection,) = load_entities(write(tmp_path / "list.json", text))
    assert connection.id == "c"


def test_a_fault_in_a_list_names_the_item(tmp_path):
    file = write(tmp_path / "list.yaml", "- kind: Connection\n- null\n- kind: Connection\n  id: c\n")
    assert refusal(file).splitlines() == [
        f"{file}, item 1, line 1: id: is required",
        f"{file}, item 1, line 1: spec: is required",
        f"{file}, item 2, line 2: must be a mapping with kind, id and spec",
        f"{file}, item 3, line 3: spec: is required",
    ]


def test_a_folder_is_read_by_name_and_not_its_subfolders(tmp_path):
    write(tmp_path / "b.yml", CONNECTION.format(id="b"))
    write(tmp_path / "a.yaml", CONNECTION.format(id="a"))
    write(tmp_path / "notes.txt", "no manifest")
    (tmp_path / "deeper").mkdir()
    write(tmp_path / "deeper" / "c.yaml", CONNECTION.format(id="c"))
    assert [entity.id for entity in load_entities(tmp_path)] == ["a", "b"]


def test_one_file_given_twice_is_read_once(tmp_path):
    file = write(tmp_path / "a.yaml", CONNECTION.format(id="a"))
    (tmp_path / "z.yaml").symlink_to(file)
    assert len(load_all([file, tmp_path, file]).found) == 1


def test_other_kinds_of_odahu_are_passed_over_and_named(tmp_path):
    file = write(
        tmp_path / "a.yaml",
        "kind: ModelTraining\nid: t\nspec: {anything: goes}\n---\n" + CONNECTION.format(id="c"),
    )
    entities = load_all([file])
    assert [entity.id for entity in entities.found] == ["c"]
    assert entities.skipped == (f"{file}, document 1, line 1: ModelTraining",)


def test_all_faults_of_all_files_at_once(tmp_path):
    a = write(
        tmp_path / "a.yaml",
        "kind: ModelPackaging\nid: UPPER\nspec:\n  integrationName: 5\n  artifactNam: x.zip\n"
        "  targets:\n  - name: docker-push\n    conectionName: c\n---\nkind: Conection\nid: c\n",
    )
    b = write(tmp_path / "b.json", '{"kind": "Connection", "id": "c",\n "spec": {"type": "docker"}}')
    c = write(tmp_path / "c.yaml", "a: [1\n")
    assert (
        refusal(tmp_path).splitlines()
        == f"""
{a}, document 1, line 2: id: must be lowercase letters, digits and '-', with a letter or digit at both ends
{a}, document 1, line 4: spec.integrationName: must be text; put it in quotes if it looks like a number
{a}, document 1, line 7: spec.targets[0].connectionName: is required
{a}, document 1, line 8: spec.targets[0].conectionName: unknown key; did you mean 'connectionName'?
{a}, document 1, line 5: spec.artifactNam: unknown key; did you mean 'artifactName'?
{a}, document 2, line 10: kind: unknown kind 'Conection'; did you mean 'Connection'?
{b}, line 2: spec.uri: is required
{c}, line 2, column 1: expected ',' or ']', but got '<stream end>'
""".strip().splitlines()
    )


def test_one_id_in_two_files_names_both_places(tmp_path):
    first = write(tmp_path / "a.yaml", PACKAGING.format(id="same"))
    second = write(tmp_path / "b.yaml", CONNECTION.format(id="same") + "---\n" + PACKAGING.format(id="same"))
    assert refusal(tmp_path) == (
        f"{second}, document 2, line 8: id: ModelPackaging 'same' is written a second time; "
        f"first in {first}, line 1"
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("just text\n", "must be a mapping with kind, id and spec"),
        ("id: x\nspec: {}\n", "kind is required; known: ModelPackaging, PackagingIntegration, Connection"),
        ("kind: 5\n", "kind: unknown kind 5"),
        ("kind: [a]\n", "kind: unknown kind ['a']"),
        ("kind: Connection\n", "id: is required"),
        ("kind: Connection\nid: c\nspec: text\n", "spec: must be a mapping of keys to values"),
        (
            "kind: ModelPackaging\nid: c\nspec: {integrationName: x, targets: y}\n",
            "spec.targets: must be a list",
        ),
        (
            "kind: ModelPackaging\nid: c\nspec: {integrationName: ''}\n",
            "spec.integrationName: must not be empty",
        ),
        (
            "kind: ModelPackaging\nid: c\nspec: {integrationName: x}\nstatus: {exitCode: '1'}\n",
            "must be a whole number",
        ),
        ('kind: ModelPackaging\nid: c\nspec: {integrationName: x}\n"a\\nb": 1\n', "['a\\nb']: unknown key"),
        (f"kind: Connection\nid: c\n{'k' * 900}: 1\n", "kkk…']: unknown key; known: "),
    ],
)
def test_a_wrong_document(tmp_path, text, told):
    assert told in refusal(write(tmp_path / "x.yaml", text))


@pytest.mark.parametrize(
    ("key", "near"),
    [
        ("kinds: x", "kind"),
        ("spec: {integrationname: x}", "integrationName"),
        ("spec: {integration_name: x}", "integrationName"),
        ("spec: {resources: {limit: {}}}", "limits"),
        ("spec: {resources: {limits: {cpus: 1}}}", "cpu"),
        ("spec: {targets: [{nam: x}]}", "name"),
        ("status: {result: []}", "results"),
        ("status: {results: [{values: x}]}", "value"),
    ],
)
def test_a_misspelt_key_at_any_level_of_a_packaging(tmp_path, key, near):
    message = refusal(write(tmp_path / "x.yaml", f"kind: ModelPackaging\nid: x\n{key}\n"))
    assert f"unknown key; did you mean {near!r}?" in message


@pytest.mark.parametrize(
    ("spec", "path", "near"),
    [
        ("typ: docker", "spec.typ", "type"),
        ("key_id: a", "spec.key_id", "keyID"),
        ("keyId: a", "spec.keyId", "keyID"),
        ("web_ui_link: a", "spec.web_ui_link", "webUILink"),
        ("password: {valeu: x, value: y}", "spec.password.valeu", "value"),
        ("password: {env: X, fil: y}", "spec.password.fil", "file"),
    ],
)
def test_a_misspelt_key_at_any_level_of_a_connection(tmp_path, spec, path, near):
    message = refusal(write(tmp_path / "x.yaml", f"kind: Connection\nid: x\nspec:\n  {spec}\n"))
    assert f"{path}: unknown key; did you mean {near!r}?" in message


@pytest.mark.parametrize(
    ("spec", "near"),
    [
        ("package: x", "packager"),
        ("schema_: {}", "schema"),
        ("schema: {target: []}", "targets"),
        ("schema: {targets: [{name: x, connection_types: [y]}]}", "connectionTypes"),
        ("schema: {arguments: {property: []}}", "properties"),
        ("schema: {arguments: {properties: [{name: x, parameter: []}]}}", "parameters"),
        ("schema: {arguments: {properties: [{name: x, parameters: [{name: y, valeu: 1}]}]}}", "value"),
    ],
)
def test_a_misspelt_key_at_any_level_of_an_integration(tmp_path, spec, near):
    message = refusal(write(tmp_path / "x.yaml", f"kind: PackagingIntegration\nid: x\nspec:\n  {spec}\n"))
    assert f"unknown key; did you mean {near!r}?" in message


def test_a_byte_order_mark_is_no_text(tmp_path):
    file = tmp_path / "bom.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + CONNECTION.format(id="c").encode())
    assert load_entities(file)[0].id == "c"


def test_bytes_that_are_no_text(tmp_path):
    file = tmp_path / "latin.yaml"
    file.write_bytes(b"id: caf\xe9\n")
    assert refusal(file) == f"{file}: not UTF-8 text (byte 7)"


def test_a_file_without_end_is_not_read_to_its_end():
    assert refusal("/dev/zero") == f"/dev/zero: larger than {MOST_BYTES} bytes, which no manifest is"


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("missing.yaml", "cannot read {path}: No such file or directory"),
        ("a" * 300, "cannot read {path}: File name too long"),
        ("", "{path}: holds no *.yaml, *.yml or *.json file"),
    ],
)
def test_a_path_that_holds_nothing(tmp_path, name, told):
    path = tmp_path / name
    assert refusal(path) == told.format(path=path)
