"""Read the columns of covariates: numbers, booleans, or texts, which are categories."""

from dataclasses import dataclass, replace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from stages.common.arrays import Bools, Floats
from stages.common.errors import UserError, counted, quoted, warn
from stages.ingest.columns import Column, distinct
from stages.ingest.numbers import NumberFormat, has_unit, is_number_type, mostly_numbers, to_numbers, warn_of_groups

CORRECT_COVARIATES = "correct ingest.covariates in params.yaml"
MAX_CATEGORIES = 50  # each is a column: texts of more kinds are ids or remarks
TRUTHS = {"true": 1.0, "false": 0.0}


@dataclass(frozen=True)
class Covariate:
    """A column of covariates.

    column: for messages
    values: (N,) numbers; booleans as 0 and 1; of a category its place in `categories`, or their number if it is none of
        them; NaN where missing
    categories: sorted; None for numbers and booleans
    """

    column: Column
    values: Floats
    categories: list[str] | None

    @property
    def name(self) -> str:
        return self.column.name

    @property
    def names(self) -> list[str]:
        """Of the columns that stand for it: `column=category` for each category."""
        return [self.name] if self.categories is None else [f"{self.name}={each}" for each in self.categories]

    def found(self, observation: int) -> str:
        """The value of an observation, for messages."""
        value = self.values[observation]
        return f"{value:g}" if self.categories is None else quoted(self.categories[int(value)])

    def take(self, chosen: Bools) -> "Covariate":
        """The values of the `chosen` (N,) observations."""
        return replace(self, values=self.values[chosen])

    def tile(self, times: int) -> "Covariate":
        """The values, repeated for each of the series of a wide file."""
        return replace(self, values=np.tile(self.values, times))


def encode(values: Floats, categories: list[str] | None) -> Floats:
    """(K, columns) `values` (K,) of a covariate as they are, or an indicator for each of its categories."""
    if categories is None:
        return values[:, None]
    indicators = (values[:, None] == np.arange(len(categories))).astype(np.float64)
    return np.where(np.isnan(values)[:, None], np.nan, indicators)


def read_covariates(
    columns: list[Column], number_format: NumberFormat, trained: dict[str, list[str]] | None
) -> tuple[Covariate, ...]:
    """The columns as covariates.

    trained: the categories that training found in each column of texts, to which others are unknown; None in training

    Raises UserError for what `read_covariate` refuses, and for a category that has the name of another column.
    """
    covariates = tuple(read_covariate(column, number_format, trained) for column in columns)
    warn_of_groups([each.column for each in covariates if each.categories is None], number_format)
    names = [name for each in covariates for name in each.names]
    if twice := [name for name in names if names.count(name) > 1]:
        raise UserError(
            f"{columns[0].source}: a column and a category of another are both called {quoted(twice[0])}; rename one"
        )
    return covariates


def read_covariate(column: Column, number_format: NumberFormat, trained: dict[str, list[str]] | None) -> Covariate:
    """One column; `trained` as for `read_covariates`.

    Where at least half of the texts are booleans, the column holds these; where they are numbers, numbers.

    Raises UserError for values that are neither numbers, booleans nor text, for another text among numbers or booleans
    and for more than MAX_CATEGORIES categories.
    """
    values, kind = column.values, column.values.type
    known = (trained or {}).get(column.name)
    if pa.types.is_boolean(kind) or (known is not None and is_number_type(kind)):
        values = pc.cast(values, pa.string())
    elif is_number_type(kind):
        return Covariate(column, to_numbers(column, number_format), None)
    elif not pa.types.is_string(kind):
        raise UserError(
            f"{column} holds {kind}, not numbers, booleans or text; convert it, or remove it from ingest.covariates"
        )
    column = replace(column, values=values)
    codes, found = distinct(values)
    texts = [*(text.strip() for text in found), ""]  # the last: of code -1
    missing = np.isin(texts, number_format.missing_texts)[codes]
    if known is None:
        is_truth = np.array([text.lower() in TRUTHS for text in texts])[codes] & ~missing
        has_numbers = mostly_numbers(column, number_format)
        if _are_booleans(is_truth, missing, may_be_other=trained is None or has_numbers):
            _refuse_among_booleans(column, ~is_truth & ~missing)
            truths = np.array([TRUTHS.get(text.lower(), np.nan) for text in texts])
            return Covariate(column, np.where(missing, np.nan, truths[codes]), None)
        if trained is not None or has_numbers:
            return Covariate(column, to_numbers(column, number_format), None)
        categories = sorted({text for text in texts if text not in number_format.missing_texts})
        _refuse_many(column, categories)
        _warn_of_similar(column, categories)
        _warn_of_units(column, categories)
    else:
        categories = known
        _warn_of_unknown(column, ~missing & ~np.isin(texts, known)[codes])
    places = {text: float(place) for place, text in enumerate(categories)}
    of_text = np.array([places.get(text, len(places)) for text in texts])
    return Covariate(column, np.where(missing, np.nan, of_text[codes]), categories)


def _are_booleans(is_truth: Bools, missing: Bools, may_be_other: bool) -> bool:
    """Whether a column holds booleans: at least half of what is not `missing` (N,) `is_truth` (N,).

    may_be_other: whether it may hold categories or numbers; else any boolean decides
    """
    return bool(is_truth.any()) and (not may_be_other or 2 * int(is_truth.sum()) >= int((~missing).sum()))


def _warn_of_similar(column: Column, categories: list[str]) -> None:
    """Warn of two categories that differ only by case or blanks."""
    seen: dict[str, str] = {}
    for text in categories:
        other = seen.setdefault("".join(text.split()).casefold(), text)
        if other != text:
            warn(
                f"{column}: {quoted(other)} and {quoted(text)} differ only by case or blanks and are two categories; "
                "write one of them if they are the same"
            )
            return


def _warn_of_units(column: Column, categories: list[str]) -> None:
    """Warn of categories that are, at least half of them, numbers with a unit, such as $, % or EUR."""
    numbers = [text for text in categories if has_unit(text)]
    if 2 * len(numbers) >= len(categories) > 0:
        warn(
            f"{column}: texts such as {quoted(numbers[0])} are no numbers, and count as "
            f"{counted(len(categories), 'category', 'categories')}; write plain numbers if they are prices or shares"
        )


def _warn_of_unknown(column: Column, unknown: Bools) -> None:
    """Warn of the first `unknown` (N,) text, if any."""
    if unknown.any():
        first = int(unknown.argmax())
        warn(
            f"{column.where(first)}: the training has not seen {quoted(column.values[first].as_py().strip())}, which "
            f"counts as unknown (so in {counted(int(unknown.sum()), 'row')}); correct it if it is a known category"
        )


def _refuse_among_booleans(column: Column, others: Bools) -> None:
    """Raises UserError for the first of `others` (N,) in a column of booleans."""
    if others.any():
        first = int(others.argmax())
        text = quoted(column.values[first].as_py().strip())
        raise UserError(
            f"{column.where(first)}: {text} among True and False; correct it, list it in ingest.none, as [{text}], if "
            "it means no value, or write yes and no if it is a category"
        )


def _refuse_many(column: Column, categories: list[str]) -> None:
    if len(categories) > MAX_CATEGORIES:
        few = ", ".join(map(quoted, categories[:3]))
        raise UserError(
            f"{column}: {len(categories):,} different texts ({few}, ...), more than {MAX_CATEGORIES} categories; group "
            "them, write numbers, or remove the column from ingest.covariates"
        )
