"""The grid of a table whose cells cover several rows or columns: where each cell stands. Knows no format."""

from __future__ import annotations

from dataclasses import replace

from assistant.index.formats.parts import MAX_CELLS, TableCell

_MAX_SPAN = 1000
"""Rows or columns that one cell may cover, as in HTML's own rule."""


class Grid:
    """Cells as they come, row by row, each put into the next free place of its row."""

    def __init__(self) -> None:
        self._cells: list[TableCell] = []
        self._row = -1
        self._column = 0
        self._taken: dict[int, int] = {}
        """Column -> row to which a cell from above reaches there."""
        self._last: dict[int, int] = {}
        """Column -> the cell last put there."""

    def next_row(self) -> None:
        self._row += 1
        self._column = 0

    def put(self, text: str, rows: str | int = 1, columns: str | int = 1, *, header: bool = False) -> None:
        """A cell that covers so many rows and columns; what is no number counts as 1."""
        down, across = _span(rows), _span(columns)
        while self._taken.get(self._column, -1) >= self._row:
            self._column += 1
        if self._column < MAX_CELLS and self._row < MAX_CELLS:
            self._last[self._column] = len(self._cells)
            self._cells.append(TableCell(self._row, self._column, text, down, across, header))
        for column in range(self._column, self._column + across):
            self._taken[column] = self._row + down - 1
        self._column += across

    def extend(self, column: int) -> None:
        """The cell last put into a column covers this row too."""
        if (last := self._last.get(column)) is not None:
            above = self._cells[last]
            self._cells[last] = replace(above, rows=self._row - above.row + 1)

    def skip(self, columns: int) -> None:
        """Leave so many columns of this row free."""
        self._column += columns

    @property
    def column(self) -> int:
        """Where the next cell of this row would stand, cells from above apart."""
        return self._column

    def cells(self) -> tuple[TableCell, ...]:
        """All of them; the first row names the columns where no cell says that it does."""
        if any(cell.header for cell in self._cells) or self._row < 1:
            return tuple(self._cells)
        return tuple(replace(cell, header=cell.row == 0) for cell in self._cells)


def _span(value: str | int) -> int:
    try:
        return min(max(int(value or 1), 1), _MAX_SPAN)
    except ValueError:
        return 1
