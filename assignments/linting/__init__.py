"""What is wrong with an assignment package, and what is legal but unwise. Reads files; runs nothing of them."""

from assignments.linting.linter import lint
from assignments.linting.remark import Remark

__all__ = ["Remark", "lint"]
