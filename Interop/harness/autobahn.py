"""Autobahn's WebSocket suite, which needs a Python 2.7 and is installed into a folder of its own."""

import json
import os
import shutil
import subprocess

from .process import ROOT

# The last release; it and all that it needs are written for Python 2.7 only.
PACKAGE = "autobahntestsuite==25.10.1"
FOLDER = ROOT / ".build-autobahn"

# `--target` leaves namespace packages to path files, which only a site folder reads.
RUN = "import site, sys; site.addsitedir(sys.argv.pop(1)); from autobahntestsuite.wstest import run; run()"


def find_python():
    """The path of a Python 2.7, or `None`."""
    candidates = [shutil.which("python2.7")]
    pyenv = os.environ.get("PYENV_ROOT", os.path.expanduser("~/.pyenv"))
    versions = os.path.join(pyenv, "versions")
    if os.path.isdir(versions):
        candidates += [
            os.path.join(versions, name, "bin", "python2.7")
            for name in sorted(os.listdir(versions))
            if name.startswith("2.7")
        ]
    for path in candidates:
        # What pyenv puts on the path may know of no such version.
        if path and subprocess.run([path, "-c", "import pip"], capture_output=True).returncode == 0:
            return path
    return None


def install(python):
    """Installs the suite, unless it is there."""
    site, mark = FOLDER / "site", FOLDER / "installed"
    if mark.exists() and mark.read_text() == PACKAGE:
        return
    shutil.rmtree(FOLDER, ignore_errors=True)
    command = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target", site, PACKAGE]
    # It warns at length that Python 2.7 is old.
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    assert done.returncode == 0, f"pip could not install {PACKAGE}:\n{done.stdout}"
    mark.write_text(PACKAGE)


def run(python, url, *, cases, exclude, folder, timeout):
    """Runs cases against a server, and returns the suite's verdict on each."""
    specification = folder / "fuzzingclient.json"
    reports = folder / "reports"
    specification.write_text(
        json.dumps(
            {
                "outdir": str(reports),
                "servers": [{"agent": "linkup", "url": url}],
                "cases": cases,
                "exclude-cases": exclude,
                "exclude-agent-cases": {},
            }
        )
    )
    log = folder / "wstest.log"
    with open(log, "wb") as output:
        subprocess.run(
            [python, "-c", RUN, FOLDER / "site", "--mode", "fuzzingclient", "--spec", specification],
            check=True,
            stdout=output,
            stderr=subprocess.STDOUT,
            timeout=timeout,
        )
    index = reports / "index.json"
    assert index.exists(), f"the suite wrote no report:\n{log.read_text(errors='replace')[-4000:]}"
    return json.loads(index.read_text())["linkup"]
