"""Makes the expected outcomes of test/unit/jsonnet/golden/*.cases anew, with the reference implementation.

    python3 -m venv /tmp/reference && /tmp/reference/bin/pip install gojsonnet==0.22.0
    /tmp/reference/bin/python scripts/jsonnet-goldens.py

A .cases file holds programs, with a line --- between each two. Beside it stands a .json file: for each program in its order
the output, or null where the reference refuses it (what it says then is its own affair).
"""
import json
import pathlib

import _gojsonnet

FOLDER = pathlib.Path(__file__).parent.parent / "test/unit/jsonnet/golden"


def outcome(program):
    try:
        return _gojsonnet.evaluate_snippet("case.jsonnet", program)
    except RuntimeError:
        return None


for cases in sorted(FOLDER.glob("*.cases")):
    programs = cases.read_text(encoding="utf-8").removesuffix("\n").split("\n---\n")
    outcomes = [outcome(program) for program in programs]
    text = json.dumps(outcomes, indent=1, ensure_ascii=True)
    cases.with_suffix(".json").write_text(text + "\n", encoding="utf-8")
    print(f"{cases.name}: {len(programs)} programs, {outcomes.count(None)} of them faulty")
