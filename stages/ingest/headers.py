"""Check the names of a file's columns, and tell what a wrong header holds."""

import difflib
import re
from collections import Counter

from stages.common.errors import UserError, quoted
from stages.ingest.columns import INDEX

MONTH = "(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
YEAR = r"(1[5-9]|20|21)\d\d"
YEARS = rf"x?{YEAR}( \[yr\d{{4}}\])?"  # R writes X2000, the World Bank 2000 [YR2000]
DATES = (
    rf"x?{YEAR}([-/. ]?[mqw]?\d{{1,2}}|[-/. ]{MONTH})([-/.]\d{{1,2}})?( 00:00:00)?"
    rf"|\d{{1,2}}[-/.]\d{{1,2}}[-/.](\d\d)?\d\d|\d{{1,2}}[-/.]{YEAR}|q[1-4][- ]?{YEAR}|{MONTH}[- ]?(\d\d)?\d\d"
)
MOST_NAMED = 8  # columns, in a message
MIN_TIMES = 3  # names that are times, before they are taken for a time axis
UNNAMED = r"|Unnamed: \d+|__index_level_\d+__|level_0|index|0"  # what pandas may show for a column without a name
CORRECT_COLUMNS = "correct ingest.series, ingest.time or ingest.value in params.yaml"
NUMBER = r"[+-]?\d+([.,]\d+)?"


def check_columns(
    columns: list[str], texts: list[str], numbers: list[str], source: str, correct: str = CORRECT_COLUMNS
) -> None:
    """Raises UserError if one of the columns `texts` and `numbers` is missing, nameless or there twice.

    correct: what to do where the file has other columns
    """
    counts = Counter(columns)
    for name in [*texts, *numbers]:
        if not name.strip():
            raise UserError(f"{source}: column {columns.index(name) + 1} has no name; name or remove it")
        if counts[name] > 1:
            raise UserError(f"{source}: {counts[name]} columns are called {quoted(name)}; rename all but one")
        if not counts[name]:
            raise UserError(f"{source}: no column {quoted(name)}{_instead(name, columns, correct)}")
    if not numbers:
        raise UserError(f"{source}: no column but {quoted(texts[0])}; set ingest.value to the column of values")


def times_across(columns: list[str], years: bool = True) -> list[str]:
    """The names of columns that are times, where at least MIN_TIMES and half of them are; else none.

    years: whether mere years are times
    """
    pattern = f"{YEARS}|{DATES}" if years else DATES
    times = [name for name in columns if re.fullmatch(pattern, name.strip(), re.IGNORECASE)]
    return times if len(times) >= MIN_TIMES and 2 * len(times) >= len(columns) else []


def times_in_rows(times: list[str], columns: list[str]) -> str:
    """What to do with a file whose `columns` are mostly `times`."""
    few = ", ".join(quoted(name) for name in columns if name not in times)
    return (
        f"the times run across the columns, from {quoted(times[0])} to {quoted(times[-1])}; put them into rows, in "
        f"pandas by frame.melt([{few[:150]}], var_name='time', value_name='value'), and set ingest.time to 'time' and "
        "ingest.value to 'value'"
    )


def _instead(name: str, columns: list[str], correct: str) -> str:
    """What the file has in place of the column `name`."""
    if times := times_across(columns):
        return f": {times_in_rows(times, columns)}"
    if INDEX in columns and re.fullmatch(UNNAMED, name):
        return f"; the column without a name is called {INDEX!r}: set the parameter to it"
    if any(re.fullmatch(NUMBER, each.strip()) for each in columns):
        return f": the first row holds {quoted(columns[0])}, which looks like data; write a row of names above it"
    if len(columns) == 1:
        return f", only {quoted(columns[0])}; a file needs a column of times (1, 2, 3, ... will do) and one of values"
    close = difflib.get_close_matches(name, columns, n=1) or columns
    there = ", ".join(map(quoted, close[:MOST_NAMED]))
    return f", but there is {there}; {correct}"
