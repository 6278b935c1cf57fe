"""Find the facts of studies: reads {"memory": bytes, "studies": {name: study}} as JSON from standard input, and prints
as its last line {name: facts} or {name: {"error": ...}}. Planning asks it, in a process of its own, which keeps
TensorFlow out of the one that plans, and which may take so much memory.
"""

from batchscope.warm import in_warm_process

in_warm_process(__file__)

import json
import resource
import sys
from contextlib import redirect_stdout

from batchscope.errors import ConfigError, reason
from batchscope.training.facts import find_facts

_OF_TENSORFLOW = 2**30  # bytes, before it makes anything

asked, answers = json.load(sys.stdin), {}
if asked["memory"] is not None and sys.platform == "linux":  # elsewhere the system has no such limit
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    limit = min(int(asked["memory"]) + _OF_TENSORFLOW, sys.maxsize)
    resource.setrlimit(resource.RLIMIT_DATA, (limit if most == resource.RLIM_INFINITY else min(limit, most), most))
for name, study in asked["studies"].items():
    try:
        with redirect_stdout(sys.stderr):  # Keras shows there how a download goes
            answers[name] = find_facts(study, asked["memory"])
    except ConfigError as error:
        answers[name] = {"error": str(error)}
    except Exception as error:  # which is not to hide what is said of the other studies
        answers[name] = {"error": f"model: it could not be checked: {type(error).__name__}: {reason(error)}"}
print(json.dumps(answers))
