"""What a `checks.py` is written with: it reads like the task."""

from assignments.asking import Ask
from assignments.outcome import Conclusion, Outcome
from assignments.vocabulary.combining import Share, combine
from assignments.vocabulary.functions import SecondChance, in_its_size, judge_function
from assignments.vocabulary.registry import check
from assignments.vocabulary.replies import explain
from assignments.vocabulary.trials import FunctionTask, Part, Setting, Trial, Tried
from assignments.vocabulary.typed import judge_answer

__all__ = [
    "Ask",
    "Conclusion",
    "FunctionTask",
    "Outcome",
    "Part",
    "SecondChance",
    "Setting",
    "Share",
    "Trial",
    "Tried",
    "check",
    "combine",
    "explain",
    "in_its_size",
    "judge_answer",
    "judge_function",
]
