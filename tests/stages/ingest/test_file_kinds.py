"""Files of other kinds are named for what they are, whatever their name; CSV that begins with their letters is read."""

import bz2
import gzip
import io
import json
import lzma
import pickle
import sqlite3
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.feather
import pyarrow.orc
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stages.common.errors import UserError
from stages.ingest.file_kinds import BINARY, kind_of
from stages.ingest.raw import read_raw
from tests.raw_files import panel_of, refuses, settings, values_of

pytestmark = pytest.mark.usefixtures("folder")

TEXT = b"time,value\n1,2\n2,3\n"
FRAME = pd.DataFrame({"time": [1, 2], "value": [2, 3]})


def zipped(*names: str) -> bytes:
    with io.BytesIO() as file:
        with zipfile.ZipFile(file, "w") as archive:
            for name in names:
                archive.writestr(name, "application/vnd.oasis.opendocument.spreadsheet" if name == "mimetype" else "")
        return file.getvalue()


def tarred() -> bytes:
    with io.BytesIO() as file:
        with tarfile.open(fileobj=file, mode="w") as archive:
            archive.addfile(tarfile.TarInfo("sales.csv"))
        return file.getvalue()


def written(write: object) -> bytes:
    with io.BytesIO() as file:
        write(file)  # type: ignore[operator]
        return file.getvalue()


def database() -> bytes:
    with sqlite3.connect("sales.db") as connection:
        connection.execute("CREATE TABLE sales (time INTEGER, value REAL)")
    return Path("sales.db").read_bytes()


def stream() -> bytes:
    table = pa.table(FRAME)
    with io.BytesIO() as file:
        with pa.ipc.new_stream(file, table.schema) as writer:
            writer.write_table(table)
        return file.getvalue()


def test_each_kind_is_named_with_what_to_do() -> None:
    table = pa.table(FRAME)
    for content, kind, remedy in [
        (zipped("[Content_Types].xml", "xl/workbook.xml"), "an Excel workbook", "save the table as CSV"),
        (bytes.fromhex("d0cf11e0a1b11ae1") + bytes(99), "an Excel workbook", "save the table as CSV"),
        (zipped("mimetype", "content.xml"), "an OpenDocument spreadsheet", "save the table as CSV"),
        (zipped("sales.csv"), "a zip archive", "unpack it"),
        (tarred(), "a tar archive", "unpack it"),
        (gzip.compress(tarred()), "a tar archive", "unpack it"),
        (gzip.compress(gzip.compress(TEXT)), "gzip twice", "decompress it"),
        (lzma.compress(TEXT), "compressed by xz", "decompress it"),
        (bz2.compress(TEXT), "compressed by bzip2", "decompress it"),
        (pa.compress(TEXT, "zstd", asbytes=True), "compressed by zstd", "decompress it"),
        (written(lambda file: pa.feather.write_feather(table, file)), "a Feather or Arrow file", "read_feather"),
        (stream(), "an Arrow stream", "open_stream"),
        (written(lambda file: pa.orc.write_table(table, file)), "an ORC file", "read_orc"),
        (gzip.compress(written(lambda file: pq.write_table(table, file))), "a Parquet file inside gzip", "decompress"),
        (pickle.dumps(FRAME), "a pickle", "read_pickle"),
        (written(lambda file: np.save(file, np.ones(9))), "a NumPy array", "CSV"),
        (written(lambda file: np.savez(file, a=np.ones(9))), "NumPy arrays", "CSV"),
        (database(), "an SQLite database", "read_sql"),
        (b"\x89HDF\r\n\x1a\n\0", "an HDF5", "Parquet"),
        (b"Obj\x01\x04\x14avro.codec", "an Avro file", "Parquet"),
        (b"%PDF-1.7\n", "a PDF", "CSV"),
        (b"\n<!DOCTYPE html>\n<html>", "a web page", "fetch the data"),
        (b'<?xml version="1.0"?>', "XML", "CSV"),
        (json.dumps(FRAME.to_dict("records"), indent=2).encode(), "JSON", "read_json"),
        (b'{"time":' + b"1" * 300_000 + b"}", "JSON", "read_json"),
        (TEXT.decode().encode("utf-16"), "text in UTF-16", "UTF-8"),
        (TEXT.decode().encode("utf-16-be"), "text in UTF-16", "UTF-8"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS", "git lfs pull"),
        (b"outs:\n- md5: 0\n  path: sales.csv\n", "a .dvc file", "ingest.path"),
    ]:
        refuses(content, {}, [kind, remedy])


def test_the_content_decides_and_not_the_name() -> None:
    FRAME.to_parquet("input.csv")
    assert read_raw(settings("input.csv")).values.tolist() == [2, 3]
    assert values_of(panel_of(TEXT, "input.parquet")) == {"value": [2, 3]}


@given(magic=st.sampled_from([magic.decode() for magic in BINARY if magic.isascii() and magic.isalnum()]))
def test_a_header_that_begins_with_the_letters_of_a_kind_is_csv(magic: str) -> None:
    assert kind_of(f"{magic},time,value\na,1,2\n".encode()) is None
    assert kind_of(f"<{magic}>,[time],value\na,1,2\n".encode()) is None


def test_a_folder_with_a_file_that_is_not_parquet() -> None:
    Path("many").mkdir()
    FRAME.to_parquet("many/a.parquet")
    Path("many/_SUCCESS").touch()
    assert read_raw(settings("many")).values.tolist() == [2, 3]
    Path("many/b.csv").write_bytes(TEXT)
    with pytest.raises(UserError, match=r"many/b\.csv: not Parquet; .* a folder, which holds Parquet files only"):
        read_raw(settings("many"))
