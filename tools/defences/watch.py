"""What watches a kernel from outside, and what the worker believes of it."""

from __future__ import annotations

from tools.defences.defence import Defence, Edit
from tools.defences.places import ALONE, OUTPUT, PROCESSES, RUNNING, SESSION, STREAMS, WATCHER, notebooks

WATCHING = (
    notebooks(
        "watcher",
        "empty_files or (little_by_little and forked)",
        ("worker/sandbox/jailed.py", "        self._watcher.start()\n", ""),
    ),
    Defence(  # what a notebook does that no group limits, the watcher finds as well
        "control groups",
        (
            Edit(
                "worker/sandbox/cgroups.py",
                'return {"memory.limit_in_bytes": most, "memory.memsw.limit_in_bytes": most, "memory.swappiness": "0"}',
                "return {}",
            ),
        ),
        ("tests/sandbox/test_probe.py",),
        "every_layer_holds",
    ),
    *(
        Defence(f"watcher: {what}", (Edit(file, old, new),), (ALONE,), chosen)
        for what, chosen, file, old, new in (
            (
                "memory of processes whose first thread has ended",
                "dead_thread",
                PROCESSES,
                '        for thread in self._listed(f"{name}/task"):\n',
                "        for thread in ():\n",
            ),
            ("memory of processes with odd names", "name and cold", PROCESSES, r'.split(b"\n")', ".splitlines()"),
            (
                "sockets",
                "sockets",
                WATCHER,
                "elif self._table.sockets() > bounds.sockets:",
                "elif self._table.sockets() < 0:",
            ),
            (
                "files in shared memory",
                "files",
                WATCHER,
                "for descriptor in self._scratch]",
                "for descriptor in self._scratch[:1]]",
            ),
            ("computing time of orphans", "orphans and forked", PROCESSES, "found.cpu_s + buried_s", "found.cpu_s"),
        )
    ),
    notebooks(
        "limit on one cell",
        "loop_for_ever-forked",
        (SESSION, "allowed_s = min(self._limits.cell_s, self._left_s())", "allowed_s = self._left_s()"),
    ),
    notebooks(
        "limit on the whole notebook",
        "small_pieces-forked",
        (SESSION, "return max(0.0, self._deadline - time.monotonic())", "return 1e6"),
    ),
    notebooks(
        "limit on one call",
        "when_asked-forked",
        (SESSION, "allowed_s = self._limits.call_s if timeout_s is None else timeout_s", "allowed_s = 1e6"),
    ),
    notebooks(
        "a kernel that goes on is killed",
        "ignored-forked or stop_itself-forked",
        (SESSION, '        self._connection.process.kill(f"{what} went on', '        str(f"{what} went on'),
    ),
    notebooks(
        "amount of output",
        "print_for_ever-forked or text_html or parts_without_end-forked",
        ("worker/kernels/meter.py", "        if self.left >= 0:\n", "        if True:\n"),
    ),
    *(
        Defence(f"output waits for the worker: {what}", (Edit(*edit),), (OUTPUT,), "nobody_hears and forked")
        for what, edit in {
            "text": (STREAMS, "if self._held() > MOST_TEXT:", "if False:"),
            "messages": (STREAMS, "while self._is_crowded(1):", "while False:"),
            "ZeroMQ's": ("worker/sandbox/inside/kernel.py", "            bound(s)\n", "            pass\n"),
        }.items()
    ),
    Defence(
        "text kept of one cell",
        (Edit("worker/kernels/cells.py", "MAX_TEXT = 200_000", "MAX_TEXT = 200_000_000"),),
        (RUNNING,),
        "long_output and forked",
    ),
)
GRADER = (
    notebooks(
        "messages have the agreed form",
        "execute_with_a_list",
        ("worker/kernels/messages.py", "    if not isinstance(parsed, dict):\n", "    if False:\n"),
    ),
    notebooks(
        "messages are signed",
        "execute_with_another_key or execute_with_no_signature",
        ("worker/kernels/messages.py", "if not hmac.compare_digest(signature, self._signature(parts)):", "if False:"),
    ),
    notebooks(
        "messages have a sane number of parts",
        "two_thousand_buffers or thousands_of",
        ("worker/kernels/zmtp.py", "if len(self._frames) > MAX_FRAMES:", "if False:"),
    ),
    notebooks(
        "a reply belongs to its question",
        "answer_before",
        (
            "worker/kernels/exchange.py",
            "if self._waited_for and number == self._waited_for[0]:",
            "if self._waited_for:",
        ),
    ),
    notebooks(
        "replies are limited before they are taken",
        "answer_with_40 or four_gigabytes",
        ("worker/kernels/exchange.py", "if tree_size > MAX_TREE_BYTES or data_size > MAX_DATA_BYTES:", "if False:"),
    ),
    Defence(
        "replies are limited in depth",
        (Edit("worker/checker/inside/values.py", "        if depth > MAX_DEPTH:\n", "        if False:\n"),),
        ("tests/unit/worker/checker/test_values.py",),
    ),
    Defence(
        "replies are limited in size",
        (Edit("worker/checker/inside/values.py", "    if len(tree) > MAX_TREE_BYTES:\n", "    if False:\n"),),
        ("tests/unit/worker/checker/test_values.py",),
    ),
    notebooks(
        "the collector's own builtins",
        "replace_float or replace_complex or replace_memoryview",
        ("worker/sandbox/inside/private.py", "= dict(vars(builtins))\n", "= vars(builtins)\n"),
        ("worker/sandbox/inside/collector.py", "        current.update(self.builtins)\n", ""),
    ),
    notebooks(
        "the collector's own JSON",
        "replace_json-forked",
        (
            "worker/sandbox/inside/kernel.py",
            "    dumps, loads = private_json()\n",
            "    import json\n\n    dumps, loads = (lambda x: json.dumps(x)), (lambda x: json.loads(x))\n",
        ),
    ),
    notebooks(
        "texts without control characters",
        "steer_the_terminal",
        (
            "worker/pipeline/verdicts.py",
            '    return "".join(c if c.isprintable()',
            '    return text or "".join(c if c.isprintable()',
        ),
    ),
    notebooks(
        "questions drawn afresh", "asks_something_else", ("worker/pipeline/run.py", "secrets.randbits(128)", "7")
    ),
)
