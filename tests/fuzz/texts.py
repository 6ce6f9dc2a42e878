"""CSV files of many forms, and what makes them odd: notations of times and numbers, gaps, bytes that are no CSV."""

import contextlib
import gzip
import io
import json
import random
import zipfile
from typing import Any

import pandas as pd

from stages.common.yaml_1_2 import read_yaml
from stages.ingest.params import Ingest
from tests.projects import EXAMPLE

Settings = dict[str, Any]

PLAIN: Settings = {
    **read_yaml((EXAMPLE / "params.yaml").read_text())["ingest"],
    **{"path": "input.csv", "time": "time", "value": "value", "max_gigabytes": 1e-3},
}

NASTY = [
    "", " ", ",", ";", "\t", "|", '"', "'", "\n", "\r", "\r\n", "\0", "\ufeff", "\x1b[31m", "🙂", "\u2028", "NA",
    "nan", "inf", "-inf", "1e999", "-0", "0x10", "1_000", "1,5", "1.234,5", "9" * 30, "-" * 5, "1e-320", "00",
    "e5", ".e5", "-e5", "-E30", "1e", "10,035", "2.003", "2020", "index", "Unnamed: 0", "1\u00a0234", "1\u202f234,5",
    "12'345", "(5)", "5-", "€ 5", "5 %", "-9999", "n/a",
    "2024-02-30", "1/2/24", "13/13/2024", "0000-00-00", "9999-12-31", "2262-04-12", "1677-01-01", "2024-W54",
    "Q5 2024", "2024-01-01T25:00", "2024-01-01T00:00:00.5", "2024-10-27T02:30+02:00", "2024-13", "20240230", "2024Q",
    "+99:99", "Z", "=1+1", "<script>", "$x$", "../..", "%s%n", "null", "~", "{}", "[]", "[1, [2", "&a", "*a",
    "!!python/object", "!!bool maybe", "<<: *a", "true", "-1", "0", "1.5", ".nan", ".inf", "1e400",
    "10000000000000000000000", "?", ":", "- -", "#", "%YAML 9", "---", "...",
]  # fmt: skip

STARTS = ["2024-01-01", "1999-12-27", "2024-03-30 20:00", "2024-10-26 20:00", "1678-01-02", "2261-12-01", "1970-01-01"]
STEPS = [
    "h", "D", "MS", "ME", "QS", "QE", "YS", "W-MON", "W-SUN", "B", "min", "30min", "s", "2h", "SMS", "5YS", "bh", "ms",
]  # fmt: skip
NOTATIONS = [
    "%Y-%m-%d", "%Y-%m", "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S.%f", "%d/%m/%Y", "%m/%d/%y", "%d.%m.%y %I:%M %p",
    "%b %d, %Y", "%d %B %Y", "%b-%y", "%G-W%V", "%G%V", "%Y-%m-%dT%H:%M:%SZ", "%Y%m%d", "%Y%m%d%H", "%Y%m", "%Y",
    "%YM%m", "%Y-%j", "%H:%M", "Q%q %Y", "%Y%q", "FY%Y", "iso", "berlin", "s", "ms", "us", "ns", "days", "place",
]  # fmt: skip
MATCHING = [
    ("D", "%Y-%m-%d"), ("MS", "%Y-%m"), ("h", "%Y-%m-%d %H:%M"), ("D", "%d/%m/%Y"), ("W-MON", "%G-W%V"),
    ("D", "place"), ("h", "%Y-%m-%dT%H:%M:%SZ"), ("B", "%b %d, %Y"), ("QS", "Q%q %Y"), ("YS", "%Y"), ("h", "berlin"),
    ("30min", "iso"), ("ms", "%Y-%m-%d %H:%M:%S.%f"), ("2h", "%Y%m%d%H"), ("D", "s"), ("5YS", "%Y"),
    ("ME", "%d.%m.%Y"), ("W-SUN", "%Y%m%d"),
]  # fmt: skip
FREQUENCIES = [
    *STEPS, "auto", "1000YS", "100000MS", "1000000000h", "999999999999D", "10000000B", "7D", "0D", "-1D", "1.5h",
    "ns", "7h", "MS-15", "BME", "13MS", "9999999999MS",
    "W-FRI", "QS-FEB", "YE-JUN", "C", "WOM-2FRI", "1D12h", "90s", "M", "H", "month", "", " ", "D D",
]  # fmt: skip
STYLES = [".3g", ".2f", ".17g", ".0f", ".1e", ",.2f", "_.0f"]  # of numbers, the plain ones first

NO_COVARIATES: dict[str, list[str]] = {"future": [], "past": [], "static": []}
SETTINGS: dict[str, list[Any]] = {
    "series": [None, "id", "id", "id", ["id"], ["id", "more"]], "value": ["value"] * 9 + [None, ["value"]],
    "time": ["time"] * 9 + ["index", ["time"], ["time", "more"], ["more", "time"]], "none": [[]] * 5 + [["-", -9999],
    ["nan", 0]],
    "frequency": [None, "auto", "auto", "auto", "D", "MS", "h", *FREQUENCIES], "ended_after": [None, None, 0, 5],
    "missing": ["error", "interpolate", "forward", "zero", "seasonal"], "decimal": ["."] * 5 + [","],
    "thousands": [None] * 5 + [",", ".", " ", "'", "\u00a0"], "season_length": [None, None, [2], [7, 365]],
    "time_format": [None] * 9 + ["%d/%m/%Y", "%Q", "%Y%Y", "%Y-%m-%d %H", "%q", "%y", "%"],
    "time_zone": [None] * 9 + ["Europe/Berlin", "America/New_York", "UTC", "+02:00", "Mars"],
    "covariates": [{**NO_COVARIATES, **declared} for declared in (
        {}, {}, {}, {"future": ["more"]}, {"past": ["more"]}, {"static": ["more"]}, {"future": ["b"]}, {"past": ["id"]},
        {"future": ["more"], "past": ["c d"]},
    )],
    "holidays": [None, None, None, "DE", "US-CA", "NO", "JP"],
}  # fmt: skip


def some_settings(chance: random.Random) -> Settings:
    """Settings of ingest that are valid together; mostly those that most files need."""
    if chance.random() < 0.6:
        return {"series": "id", "frequency": "auto"}
    while True:
        settings = {name: chance.choice(values) for name, values in SETTINGS.items() if name in PLAIN}
        with contextlib.suppress(ValueError):
            Ingest.model_validate({**PLAIN, **settings})
            return settings


def written(stamps: pd.DatetimeIndex, notation: str) -> list[str]:
    """Stamps in a notation: a format of strftime with %q, ISO 8601 as short as it can be, or a count since 1970."""
    units = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1, "days": 86_400 * 10**9}
    if notation == "place":
        return [str(place) for place in range(len(stamps))]
    if notation in units:
        return [str(stamp.value // units[notation]) for stamp in stamps]
    if notation == "iso":
        return [stamp.isoformat().removesuffix("T00:00:00") for stamp in stamps]
    if notation == "berlin":
        return [stamp.isoformat(" ") for stamp in stamps.tz_localize("UTC").tz_convert("Europe/Berlin")]
    return [stamp.strftime(notation.replace("%q", str(stamp.quarter))) for stamp in stamps]


def some_times(chance: random.Random, rows: int) -> tuple[pd.DatetimeIndex, str]:
    """Regular stamps and a notation, in every other draw one that loses nothing of them.

    In one of five draws stamps have gaps, occur twice, or go backwards.
    """
    step, notation = chance.choice(MATCHING)
    if chance.random() < 0.5:
        step, notation = chance.choice(STEPS), chance.choice(NOTATIONS)
    stamps = pd.DatetimeIndex([])
    while not len(stamps):
        with contextlib.suppress(OverflowError, pd.errors.OutOfBoundsDatetime):
            stamps = pd.date_range(chance.choice(STARTS), periods=rows, freq=step)
        rows = max(rows // 2, 1)
    if chance.random() < 0.2:
        stamps = stamps[sorted(chance.choices(range(len(stamps)), k=len(stamps)), reverse=chance.random() < 0.3)]
    return stamps, notation


def some_numbers(chance: random.Random, count: int) -> list[str]:
    """Numbers of one size and style; one column in five has empty fields."""
    style = chance.choice(STYLES if chance.random() < 0.15 else STYLES[:4])
    size, empty = 10.0 ** chance.choice([0, 2, 5]), chance.choice([0, 0, 0, 0, 0.1])
    return ["" if chance.random() < empty else format(chance.gauss(0, 1) * size, style) for _ in range(count)]


def good_csv(chance: random.Random) -> tuple[bytes, bytes, Settings]:
    """A small file, its delimiter, and settings that may read it."""
    separator = chance.choice(",;\t|")
    settings, times = some_settings(chance), written(*some_times(chance, chance.randrange(2, 40)))
    quote = chance.choice(['"', ""])
    if chance.random() < 0.2:
        names = ["time", "value", "b", "c d", ""][: chance.randrange(2, 6)]
        settings |= {"series": None, "value": chance.choice([None, "value", ["value"]]), "time": "time"}
        settings["covariates"] = {**NO_COVARIATES, "future": chance.choice([[], ["b"], ["c d"]])}
        lines = [names, *([time, *some_numbers(chance, len(names) - 1)] for time in times)]
    else:
        ids = chance.choice([["a"], ["a", "b"], ["A ", "a", "é"], ["1", "01"]])
        lines = [["id", "more", "time", "value"]]
        lines += [
            [name, str(place % 24), f"{quote}{time}{quote}", number]
            for name in ids
            for place, (time, number) in enumerate(zip(times, some_numbers(chance, len(times)), strict=True))
        ]
    text = chance.choice(["\n", "\r\n"]).join(separator.join(line) for line in lines) + "\n"
    return text.encode(), separator.encode(), settings


def mutated(text: bytes, separator: bytes, chance: random.Random) -> bytes:
    """`text` after one to three changes: most of a field, the others of a byte, a range or a line."""
    for _ in range(chance.randrange(1, 4)):
        at = chance.randrange(len(text) + 1)
        end = min(at + chance.randrange(1, 9), len(text))
        nasty = chance.choice(NASTY).encode()
        kind = chance.choices(range(6), weights=[1, 1, 1, 1, 2, 8])[0]
        if kind == 0:
            text = text[:at] + nasty + text[at:]
        elif kind == 1:
            text = text[:at] + bytes([chance.randrange(256)]) + text[at + 1 :]
        elif kind == 2:
            text = text[:at] + text[end:]
        elif kind == 3:
            text = text[:end] + text[at:end] + text[end:]
        else:
            head, *lines = text.split(b"\n")
            line = chance.randrange(len(lines)) if lines else 0
            if kind == 4:
                chance.shuffle(lines)
            elif lines and lines[line]:
                fields = lines[line].split(separator)
                fields[chance.randrange(len(fields))] = nasty
                lines[line] = separator.join(fields)
            text = b"\n".join([head, *lines])
    return text


def packed(text: bytes, chance: random.Random) -> bytes:
    """`text` as something that is no plain CSV: packed, in another format or encoding, with endless fields."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("input.csv", text)
    magic = [
        b"ARROW1\0\0",
        b"\xfd7zXZ\0",
        b"BZh9",
        b"\x28\xb5\x2f\xfd",
        b"PAR1",
        b"\x89HDF",
        b"SQLite format 3\0",
        b"%PDF-1.7",
    ]
    return chance.choice(
        [
            gzip.compress(text),
            gzip.compress(text)[: len(text) // 2],
            archive.getvalue(),
            chance.choice(magic) + text,
            text.decode("utf-8", "replace").encode(chance.choice(["utf-16", "utf-32", "latin-1", "cp1252"]), "replace"),
            b'"' + text,
            b'time,value\n"' + text * 1_000,
            b",".join(b"column %d" % number for number in range(10_000)) + b"\n" + text,
            b"x" * 200_000 + b"\n" + text,
            json.dumps([{"time": "2024-01-01", "value": 1.5}] * chance.choice([1, 10_000])).encode(),
            b"<html><body>" + text,
            b"\n" * 1_000 + text,
            b"",
            b"\0" * 100_000,
            gzip.compress(b'time,value\n"' + b"2024-01-01,1\n" * 100_000),
        ]
    )
