"""Which columns of new data are read: those of the training, or unique_id, ds and y, or those of a wide file.

- Those of the training come first; of a list of columns in `ingest.value` those that are there, others are left out.
- Without these, unique_id, ds and y: a long file. They come first in a DataFrame, and where they tell more than the
  columns of the training: several series where it had one, or where it read all columns of a wide file as series.
- Without either, the time column of the training and none of its other columns: a wide file, of which all other columns
  are series.
- Those of covariates are always those of the training.
"""

from stages.ingest.columns import distinct
from stages.ingest.params import Ingest
from stages.ingest.raw import Reader

SERIES, TIME, VALUE = LONG = ("unique_id", "ds", "y")


def layout_of(reader: Reader, settings: Ingest, long_first: bool) -> Ingest:
    """`settings` with the columns to read, as this module says; where none do, with those that lack least."""
    there = set(reader.columns)
    times, ids, values = settings.time_columns, settings.series_columns, _values(settings)
    own = {*times, *ids, *values}
    if there.issuperset(LONG) and (long_first or not own <= there or _tells_more(reader, settings)):
        return _long(settings)
    found = [name for name in values if name in there]
    if there.issuperset(times) and not found and there.isdisjoint(ids):
        return settings.model_copy(update={"series": None, "value": None})
    if there.issuperset(times) and found and isinstance(settings.value, list):
        return settings.model_copy(update={"value": found})
    return settings if own <= there or len(own & there) >= len(there.intersection(LONG)) else _long(settings)


def named_columns(settings: Ingest) -> tuple[list[str], list[str]]:
    """The columns of ids and times, and those of values and covariates, by which a file is recognised."""
    texts = dict.fromkeys([*settings.series_columns, *settings.time_columns, SERIES, TIME])
    return list(texts), [*_values(settings), VALUE, *settings.covariates.columns]


def _tells_more(reader: Reader, settings: Ingest) -> bool:
    """Whether unique_id, ds and y, which are there, tell more than the columns of the training, which are there too."""
    if settings.value is None:
        return True
    if settings.series is not None or not isinstance(settings.value, str):
        return False
    return len(distinct(reader.read([SERIES], [])[SERIES])[1]) > 1


def _values(settings: Ingest) -> list[str]:
    return [settings.value] if isinstance(settings.value, str) else settings.value or []


def _long(settings: Ingest) -> Ingest:
    return settings.model_copy(update={"series": SERIES, "time": TIME, "value": VALUE})
