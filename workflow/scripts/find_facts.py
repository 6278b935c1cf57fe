"""Find the facts of studies: reads {name: study} as JSON from standard input, and prints as its last line {name: facts}
or {name: {"error": ...}}. Planning asks it, in a process of its own, which keeps TensorFlow out of the one that plans.
"""

from batchscope.warm import in_warm_process

in_warm_process(__file__)

import json
import sys
from contextlib import redirect_stdout

from batchscope.errors import ConfigError, reason
from batchscope.training.facts import find_facts

answers = {}
for name, study in json.load(sys.stdin).items():
    try:
        with redirect_stdout(sys.stderr):  # Keras shows there how a download goes
            answers[name] = find_facts(study)
    except ConfigError as error:
        answers[name] = {"error": str(error)}
    except Exception as error:  # which is not to hide what is said of the other studies
        answers[name] = {"error": f"model: it could not be checked: {type(error).__name__}: {reason(error)}"}
print(json.dumps(answers))
