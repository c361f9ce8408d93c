"""nbclient's way with outputs, without its way of waiting: each message is taken as it comes."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionComplete
from nbformat import NotebookNode, v4

from worker.kernels.link import Link, ignored
from worker.kernels.messages import Message
from worker.kernels.zmtp import MalformedMessage

MAX_TEXT = 200_000  # characters of text kept of one cell's output
MAX_OUTPUTS = 500
CUT = "\n[grader] The rest of this cell's output was cut.\n"


@dataclass
class _Turn:
    """One cell that is being executed."""

    cell: NotebookNode
    index: int
    over: asyncio.Future[dict[str, Any]]
    name: str = ""  # of our request
    reply: dict[str, Any] = field(default_factory=dict)
    is_idle: bool = False


class CellRunner(NotebookClient):
    """Runs single cells on a kernel that somebody else starts and ends."""

    def __init__(self, manager: Any, link: Link) -> None:
        notebook = v4.new_notebook()  # type: ignore[no-untyped-call]
        super().__init__(notebook, km=manager, timeout=None, allow_errors=True, record_timing=False)
        self._link = link
        self._turn: _Turn | None = None
        self._text = 0
        self._is_cut = False

    def start(self, cell: NotebookNode, index: int) -> asyncio.Future[dict[str, Any]]:
        """Done, with the content of the kernel's reply, once the kernel is idle again.

        Raises MalformedMessage, and whatever bad messages cause.
        """
        while len(self.nb.cells) <= index:
            self.nb.cells.append(None)
        self.nb.cells[index] = cell
        cell.outputs = []
        self.clear_before_next_output = False
        self._text, self._is_cut = 0, False
        self._turn = turn = _Turn(cell, index, asyncio.get_running_loop().create_future())
        self._link.on_reply, self._link.on_output = self._heard_reply, self._heard_output
        turn.over.add_done_callback(self._over)
        content = {"code": cell.source, "silent": False, "store_history": True, "user_expressions": {}}
        turn.name = self._link.send("execute_request", {**content, "allow_stdin": False, "stop_on_error": False})
        return turn.over

    def _over(self, _: asyncio.Future[dict[str, Any]]) -> None:
        self._turn = None
        self._link.on_reply = self._link.on_output = ignored

    def _heard_reply(self, message: Message) -> None:
        turn = self._turn
        if turn is None or turn.over.done() or message["parent_header"].get("msg_id") != turn.name:
            return
        turn.reply = message["content"]
        turn.cell.execution_count = _count(turn.reply)
        if turn.is_idle:
            turn.over.set_result(turn.reply)
        else:  # its last outputs are on their way; a kernel that never says that they were the last is not waited for
            asyncio.get_running_loop().call_later(self.iopub_timeout, _finish, turn)

    def _heard_output(self, message: Message) -> None:
        turn = self._turn
        if turn is None or turn.over.done() or message["parent_header"].get("msg_id") != turn.name:
            return
        try:
            self.process_message(message, turn.cell, turn.index)
        except CellExecutionComplete:
            turn.is_idle = True
            if turn.reply:
                turn.over.set_result(turn.reply)
        except Exception:  # noqa: BLE001  a forged message led nbclient astray
            raise MalformedMessage("the kernel sent a malformed message") from None

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


def _count(reply: dict[str, Any]) -> int | None:
    count = reply.get("execution_count")
    return count if type(count) is int else None


def _finish(turn: _Turn) -> None:
    if not turn.over.done():
        turn.over.set_result(turn.reply)


def _stream(name: str, text: str) -> NotebookNode:
    """As nbformat makes it, which then compares it with the whole schema: longer than most students' cells take."""
    return NotebookNode(output_type="stream", name=name, text=text)  # type: ignore[no-untyped-call]


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
