"""Figures that nobody looks at are not drawn: where the assignment says so, one line of text stands for each."""

import sys


def leave_undrawn(shell):
    """To be called before student code runs; Matplotlib may or may not have been imported yet."""
    from IPython.core import pylabtools

    select = pylabtools.select_figure_formats

    def select_none(shell, formats, **options):
        from matplotlib.figure import Figure

        select(shell, formats, **options)  # which refuses formats that there are not, as ever
        for formatter in shell.display_formatter.formatters.values():
            formatter.pop(Figure, None)
        shell.display_formatter.formatters["text/plain"].for_type(Figure, say)

    pylabtools.select_figure_formats = select_none
    inline = sys.modules.get("matplotlib_inline.backend_inline")
    if inline is not None:  # it has taken the name and registered its formats
        inline.select_figure_formats = select_none
        select_none(shell, ())


def say(figure, printer, cycle):
    """`repr` tells the size in pixels and the number of axes."""
    printer.text(f"{figure!r} (not drawn: this assignment is graded without its figures)")
