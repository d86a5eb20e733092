"""The child's end of bench/harness/child.ts for Python peers, as serve.js is for the JavaScript ones: one JSON request a
line on standard input, one answer a line on file descriptor 3. It knows nothing of what is measured."""
import json
import os
import sys
import time


def run(task, seconds, least_steps):
    """Repeats the task's step until both the time and the number of steps are reached."""
    steps, elapsed, start = 0, 0.0, time.perf_counter()
    while steps < least_steps or elapsed < seconds:
        task.step()
        steps += 1
        elapsed = time.perf_counter() - start
    return {"amount": steps * task.amount_per_step, "seconds": elapsed, "check": task.check()}


def serve(version, set_up, tasks):
    """Answers until standard input closes. `set_up(options)` sets threads and says what the library found and was set to."""
    answers = os.fdopen(3, "w")
    task = None
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if request["do"] == "prepare":
                settings = set_up(request["options"])
                if request["task"] not in tasks:
                    raise NotImplementedError("not measured with this library")
                task = tasks[request["task"]](request["options"])
                run(task, request["warmUpSeconds"], 2)
                reply = {"version": version, "settings": settings}
            else:
                reply = run(task, request["seconds"], 1)
        except Exception as error:
            reply = {"cannot": f"{error}".split("\n")[0][:200]}
        answers.write(json.dumps(reply) + "\n")
        answers.flush()
