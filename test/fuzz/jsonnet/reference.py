"""Evaluates programs with the reference implementation: a JSON string a line in, {"ok", "out"} a line out."""
import json
import sys

import _gojsonnet

for line in sys.stdin:
    try:
        answer = {"ok": True, "out": _gojsonnet.evaluate_snippet("program.jsonnet", json.loads(line))}
    except RuntimeError as error:
        answer = {"ok": False, "out": str(error)}
    print(json.dumps(answer), flush=True)
