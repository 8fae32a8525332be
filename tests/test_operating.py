"""What the page on operating shows can be run: its shell parses, its commands exist, its manifest fits together."""

from __future__ import annotations

import importlib
import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest

from workbench.jobs.__main__ import parser
from workbench.store import paths

PAGE = (Path(__file__).parents[1] / "docs" / "operating.md").read_text(encoding="utf-8")
SHELL = re.findall(r"```bash\n(.*?)```", PAGE, re.DOTALL)
[MANIFEST] = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
COMMAND = "python -m workbench.jobs "


@pytest.mark.parametrize("script", SHELL)
def test_shell_parses_and_its_commands_exist(script: str) -> None:
    checked = subprocess.run(["bash", "-n"], input=script, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stderr) == (0, "")
    for line in script.splitlines():
        if COMMAND in line:
            parser().parse_args(shlex.split(line.partition(COMMAND)[2], comments=True))  # ends the test if unknown


def test_a_batch_script_says_all_before_its_first_command() -> None:
    [script] = [script for script in SHELL if "#SBATCH" in script]
    head, *lines = script.splitlines()
    options = [line.startswith("#SBATCH --") for line in lines]
    assert head == "#!/bin/bash" and options == sorted(options, reverse=True) and sum(options) > 3


def test_the_manifest_fits_together() -> None:
    manifest: dict[str, Any] = importlib.import_module("yaml").safe_load(MANIFEST)
    assert (manifest["apiVersion"], manifest["kind"]) == ("apps/v1", "Deployment")
    pod = manifest["spec"]["template"]
    assert manifest["spec"]["selector"]["matchLabels"] == pod["metadata"]["labels"]
    [container] = pod["spec"]["containers"]
    assert " ".join(container["command"]).startswith(COMMAND)
    parser().parse_args(container["command"][3:])
    [mount] = container["volumeMounts"]
    assert [mount["name"]] == [volume["name"] for volume in pod["spec"]["volumes"]]
    given = {one["name"]: one.get("value") for one in container["env"]}
    assert str(given["LADTL_HOME"]).startswith(mount["mountPath"] + "/") and "LADTL_DATABASE_URL" in given


def test_the_variables_are_those_that_are_read() -> None:
    read = Path(paths.__file__).read_text(encoding="utf-8")
    assert set(re.findall(r"LADTL_[A-Z_]+", PAGE)) == set(re.findall(r"LADTL_[A-Z_]+", read))
