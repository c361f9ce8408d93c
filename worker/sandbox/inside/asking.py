"""The kernel's end of the socket on which the worker asks for values.

Each question is a header (number, length of its tree, length of its data), then both; each answer the same, with the
number of its question. The worker sends many at once. A header of SKIP in place of a length says: forget all questions
before this one, and answer this one with nothing. An answer is written before the next question is looked at: what was
answered before the process died, the worker has.
"""

import asyncio
import collections
import os
import signal
import socket
import struct

HEADER = struct.Struct("<III")
SKIP = 0xFFFFFFFF
CHUNK = 1 << 20
TOO_LARGE = b'["uncarried","it is larger than 4 MiB without its arrays"]'
INTERRUPTED = ["uncarried", "reading it was interrupted"]


class Asking:
    """`listen` makes the event loop, which must be there, answer questions between the cells."""

    def __init__(self, collector, most_tree_bytes, dumps, loads):
        self.collector = collector
        self.most_tree_bytes = most_tree_bytes
        self.dumps = dumps
        self.loads = loads
        self.heard = bytearray()
        self.questions = collections.deque()
        self.answering = False

    def listen(self, descriptor):
        self.socket = socket.socket(fileno=descriptor)
        self.owner = os.getpid()
        self.loop = asyncio.get_event_loop()
        self.loop.add_reader(descriptor, self.readable)

    def readable(self):
        """Answers all that there is."""
        if os.getpid() != self.owner:
            return
        before = signal.signal(signal.SIGINT, self.interrupted)
        self.collector.kept = {}  # no cell runs before this returns
        try:
            while not self.answered_all():
                pass
        finally:
            self.collector.kept = None
            signal.signal(signal.SIGINT, before)

    def interrupted(self, number, frame):
        """Stops what the student wrote, and nothing else: an answer is never sent by half."""
        if self.answering:
            raise KeyboardInterrupt

    def answered_all(self):
        try:
            while self.hear() and self.questions:
                self.reply(*self.questions.popleft())
        except KeyboardInterrupt:  # it came just as the answer was there
            return False
        return True

    def hear(self):
        """Everything that has come. The worker is trusted: what it has begun to say, it says to the end."""
        flags = socket.MSG_DONTWAIT
        while True:
            try:
                part = self.socket.recv(CHUNK, flags)
            except BlockingIOError:
                return True
            if not part:
                self.loop.remove_reader(self.socket.fileno())
                return False
            self.heard += part
            flags = 0 if self.divide() else socket.MSG_DONTWAIT

    def divide(self):
        """Takes whole questions out of what was heard; whether something is left over."""
        at = 0
        while len(self.heard) - at >= HEADER.size:
            number, tree, data = HEADER.unpack_from(self.heard, at)
            if tree == SKIP:
                self.questions.clear()
                tree = data = 0
            first = at + HEADER.size
            if len(self.heard) < first + tree + data:
                break
            middle, at = first + tree, first + tree + data
            self.questions.append((number, bytes(self.heard[first:middle]), bytes(self.heard[middle:at])))
        del self.heard[:at]
        return bool(self.heard)

    def reply(self, number, tree, data):
        answer, content = self.answer(tree, data) if tree else (b"", b"")
        self.socket.sendall(HEADER.pack(number, len(answer), len(content)) + answer + content)

    def answer(self, tree, data):
        question = self.loads(tree.decode())
        try:
            self.answering = True
            answer, content = self.collector.answer(question, data)
        except KeyboardInterrupt:
            answer, content = INTERRUPTED, b""
        finally:
            self.answering = False
        encoded = self.dumps(answer).encode()
        return (encoded, content) if len(encoded) <= self.most_tree_bytes else (TOO_LARGE, b"")
