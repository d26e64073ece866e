"""An environment with a real Python, unpacked and run on this machine."""

import json
import subprocess
import tempfile
from pathlib import Path

import pytest

from tests.core.environment.conda.channel import PLACEHOLDER, Channel
from tests.core.environment.conda.real_python import add_python
from tests.core.environment.conftest import facts, unpack_to, wanted

TELL = """
import json, subprocess, sys, this_package
print(json.dumps({
    "prefix": sys.prefix,
    "package": this_package.__file__,
    "cached": this_package.__cached__,
    "script": subprocess.check_output([sys.prefix + "/bin/tell"], text=True).strip(),
    "conf": open(sys.prefix + "/etc/told.conf").read(),
}))
"""


@pytest.fixture
def prefix():
    """A folder whose path is no longer than that of the Python that runs the tests."""
    with tempfile.TemporaryDirectory(prefix="o", dir="/tmp") as folder:
        yield Path(folder) / "m"


@pytest.mark.slow
def test_it_runs(made, tmp_path, prefix):
    channel = Channel(tmp_path / "channel")
    version = add_python(channel)
    channel.add(
        "this-package",
        "1",
        {
            "site-packages/this_package.py": b"def main():\n    import sys\n    print(sys.prefix)\n",
            "etc/told.conf": PLACEHOLDER.encode(),
        },
        subdir="noarch",
        noarch="python",
        depends=["python"],
        entry_points=["tell = this_package:main"],
        prefixes={"etc/told.conf": "text"},
    )
    layer = wanted(prefix=prefix, conda=("this-package",), channels=(channel.url,))
    image = made(layer, facts(version))
    assert image.names == ["environment-python", "environment"]
    unpack_to(image, prefix)
    told = json.loads(subprocess.check_output([prefix / "bin" / "python3", "-I", "-c", TELL], text=True))
    site = f"{prefix}/lib/python{version}/site-packages"
    assert told == {
        "prefix": str(prefix),
        "package": f"{site}/this_package.py",
        "cached": f"{site}/__pycache__/this_package.cpython-{version.replace('.', '')}.pyc",
        "script": str(prefix),
        "conf": str(prefix),
    }
