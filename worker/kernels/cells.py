"""nbclient, taught our kernel: a dead kernel is noticed at once, and no more output is kept than is sensible."""

from __future__ import annotations

import asyncio
from typing import Any

from nbclient import NotebookClient
from nbformat import NotebookNode, v4

from worker.sandbox import pidfd
from worker.sandbox.orders import KernelProcess

MAX_TEXT = 200_000  # characters of text kept of one cell's output
MAX_OUTPUTS = 500
QUEUED_REPLIES_S = 0.05  # what a kernel said just before its end may still be on its way
CUT = "\n[grader] The rest of this cell's output was cut.\n"


class CellRunner(NotebookClient):
    """Runs single cells on a kernel that somebody else starts and ends."""

    def __init__(self, manager: Any, client: Any, process: KernelProcess) -> None:
        notebook = v4.new_notebook()  # type: ignore[no-untyped-call]
        super().__init__(notebook, km=manager, timeout=None, allow_errors=True, record_timing=False)
        self.kc = client
        self.on_cell_executed = self._executed
        self.reply: dict[str, Any] = {}
        self._process = process
        self._text = 0
        self._is_cut = False

    async def run(self, cell: NotebookNode, index: int) -> dict[str, Any]:
        """The content of the kernel's reply. Raises nbclient's DeadKernelError, and whatever bad messages cause."""
        while len(self.nb.cells) <= index:
            self.nb.cells.append(None)
        self.nb.cells[index] = cell
        self.reply, self._text, self._is_cut = {}, 0, False
        await self.async_execute_cell(cell, index)
        return self.reply

    def _executed(self, cell: NotebookNode, cell_index: int, execute_reply: dict[str, Any]) -> None:
        self.reply = execute_reply["content"]

    async def _async_poll_kernel_alive(self) -> None:
        await pidfd.ended(self._process.pidfd)
        await asyncio.sleep(QUEUED_REPLIES_S)
        if self.task_poll_for_reply is not None:
            self.task_poll_for_reply.cancel()

    def handle_comm_msg(self, outs: list[NotebookNode], msg: dict[str, Any], cell_index: int) -> None:
        """Widgets have nobody to talk to."""

    def output(
        self, outs: list[NotebookNode], msg: dict[str, Any], display_id: str | None, cell_index: int
    ) -> NotebookNode | None:
        if msg["msg_type"] == "stream":
            if self.clear_before_next_output:
                outs[:] = []
                self.clear_before_next_output = False
            self._add_stream(outs, msg["content"])
            return None
        size = _text_size(msg["content"])
        if len(outs) >= MAX_OUTPUTS or self._text + size > MAX_TEXT:
            self._cut(outs)
            return None
        self._text += size
        kept: NotebookNode | None = super().output(outs, msg, display_id, cell_index)
        return kept

    def _add_stream(self, outs: list[NotebookNode], content: dict[str, Any]) -> None:
        name = "stderr" if content["name"] == "stderr" else "stdout"
        if self._is_cut:
            return
        if not outs or outs[-1].output_type != "stream" or outs[-1].name != name:
            if len(outs) >= MAX_OUTPUTS:
                self._cut(outs)
                return
            outs.append(_stream(name, ""))
        before = outs[-1].text
        start = before.rfind("\n") + 1
        after = before[:start] + _overwritten(before[start:] + content["text"])
        allowed = len(before) + MAX_TEXT - self._text
        outs[-1].text = after[:allowed]
        self._text += len(outs[-1].text) - len(before)
        if len(after) > allowed:
            self._cut(outs)

    def _cut(self, outs: list[NotebookNode]) -> None:
        if not self._is_cut:
            self._is_cut = True
            outs.append(_stream("stderr", CUT))


def _stream(name: str, text: str) -> NotebookNode:
    made: NotebookNode = v4.new_output("stream", name=name, text=text)  # type: ignore[no-untyped-call]
    return made


def _overwritten(text: str) -> str:
    """What a terminal would show: a progress bar that rewrites its line leaves one line."""
    if "\r" not in text:
        return text
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join(line[line.rfind("\r", 0, len(line.rstrip("\r"))) + 1 :] for line in lines)


def _text_size(content: dict[str, Any]) -> int:
    """Characters of text in an output; pictures count by the byte elsewhere."""
    data = content.get("data", {})
    shown = [value for kind, value in data.items() if not kind.startswith("image/")]
    return sum(len(str(part)) for part in (*shown, *content.get("traceback", ())))
