"""What a file is by its first bytes, and what to do with one that is neither CSV nor Parquet."""

import re
from pathlib import Path

from stages.common.errors import UserError

HEAD = 4096  # bytes that decide
CSV = "save the table as CSV in UTF-8"
DECOMPRESS = "decompress it, or compress it with gzip"
UNPACK = "unpack it and set ingest.path to the file in it"
PANDAS = "read it with pandas.{} and save it with to_parquet"
ZIP, TAR, GZIP = b"PK\x03\x04", b"ustar", b"\x1f\x8b"
PARQUET = b"PAR1"

BINARY = {  # first bytes, what such a file is, and what to do with it
    GZIP: ("compressed by gzip twice", "decompress it once"),
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1": ("an Excel workbook of the old form (.xls)", CSV),
    ZIP: ("a zip archive", UNPACK),
    b"PK\x05\x06": ("an empty zip archive", UNPACK),
    b"7z\xbc\xaf\x27\x1c": ("a 7z archive", UNPACK),
    b"Rar!\x1a\x07": ("a RAR archive", UNPACK),
    b"\xfd7zXZ\0": ("compressed by xz", DECOMPRESS),
    b"\x28\xb5\x2f\xfd": ("compressed by zstd", DECOMPRESS),
    b"\x04\x22\x4d\x18": ("compressed by lz4", DECOMPRESS),
    b"\xff\x06\0\0sNaPpY": ("compressed by snappy", DECOMPRESS),
    b"\x1f\x9d": ("compressed by compress (.Z)", DECOMPRESS),
    PARQUET: ("a Parquet file inside gzip", "decompress it"),
    b"PARE": ("an encrypted Parquet file", "save it without encryption"),
    b"ARROW1\0\0": ("a Feather or Arrow file", PANDAS.format("read_feather")),
    b"FEA1": ("a Feather file of version 1", PANDAS.format("read_feather")),
    b"\xff\xff\xff\xff": ("an Arrow stream", "read it with pyarrow.ipc.open_stream and save it as Parquet"),
    b"ORC": ("an ORC file", PANDAS.format("read_orc")),
    b"Obj\x01": ("an Avro file", "save it as Parquet"),
    b"\x89HDF\r\n\x1a\n": ("an HDF5 or netCDF file", "save the table as Parquet"),
    b"CDF": ("a netCDF file", "save the table as Parquet"),
    b"SQLite format 3\0": ("an SQLite database", PANDAS.format("read_sql")),
    b"\x93NUMPY": ("a NumPy array", CSV),
    **{bytes([0x80, protocol]): ("a pickle of Python", PANDAS.format("read_pickle")) for protocol in range(2, 6)},
    b"RDX": ("R's workspace (.RData)", "save the table with write.csv in R"),
    b"X\n\0": ("R's data (.rds)", "save the table with write.csv in R"),
    b"<stata_dta>": ("a Stata file", PANDAS.format("read_stata")),
    b"$FL2": ("an SPSS file", PANDAS.format("read_spss")),
    b"\0" * 12 + b"\xc2\xea\x81\x60": ("a SAS file", PANDAS.format("read_sas")),
    b"\x89PNG": ("a picture", CSV),
    b"\xff\xd8\xff": ("a picture", CSV),
    b"\xff\xfe": ("text in UTF-16 or UTF-32", "save it as UTF-8"),
    b"\xfe\xff": ("text in UTF-16 or UTF-32", "save it as UTF-8"),
}
TEXT = {  # patterns of the beginning of a text
    rb"(<!doctype html|<html|<head|<table)": ("a web page (HTML)", "fetch the data itself, or " + CSV),
    rb"<\?xml": ("XML", CSV),
    rb"[\[{]\s*[\[{\"]": ("JSON", "read it with pandas.read_json and save it with to_csv"),
    rb"version https://git-lfs": ("a pointer of Git LFS", "fetch the file with `git lfs pull`"),
    rb"outs:\s+- md5:": ("a .dvc file", "set ingest.path to the file that it tracks"),
    rb"%PDF-": ("a PDF", CSV),
    rb"BZh[1-9]1AY&SY": ("compressed by bzip2", DECOMPRESS),
    rb"{\\rtf": ("a document (RTF)", CSV),
}
IN_ZIP = {  # what the names in the head of a zip archive tell
    b"vnd.oasis.opendocument": ("an OpenDocument spreadsheet", CSV),
    b"word/": ("a Word document", CSV),
    b"[Content_Types].xml": ("an Excel workbook", CSV),
    b"xl/": ("an Excel workbook", CSV),
    b".npy": ("NumPy arrays (.npz)", CSV),
}
CONTROL = re.compile(rb"[\0-\x08\x0e-\x1a\x1c-\x1f]")  # characters that text does not have


def is_parquet(path: Path) -> bool:
    """Whether a file begins as Parquet does, whatever its name; a text may begin with the same letters."""
    with path.open("rb") as file:
        head = file.read(HEAD)
    return head.startswith(PARQUET) and (CONTROL.search(head) is not None or path.suffix in {".parquet", ".pq"})


def refuse_other_kinds(path: Path, head: bytes) -> None:
    """Raises UserError, with what to do, for a file whose first bytes (`head`, decompressed) are not those of CSV."""
    if kind := kind_of(head[:HEAD]):
        raise UserError(f"{path}: {kind[0]}, not CSV or Parquet; {kind[1]}")


def refuse_other_files(folder: Path) -> None:
    """Raises UserError for a file in a folder that is not Parquet; pyarrow passes over names that begin with . or _."""
    for path in sorted(folder.rglob("*")):
        is_hidden = any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
        if path.is_file() and not is_hidden and not is_parquet(path):
            with path.open("rb") as file:
                kind, _ = kind_of(file.read(HEAD)) or ("not Parquet", "")
            raise UserError(
                f"{path}: {kind}; ingest.path is a folder, which holds Parquet files only; remove it, or set "
                "ingest.path to one file"
            )


def kind_of(head: bytes) -> tuple[str, str] | None:
    """What a file that begins with `head` is, and what to do with it; None for CSV, and for what is in no table."""
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for pattern, kind in TEXT.items():
        if re.match(pattern, text, re.IGNORECASE):
            return kind
    if head.startswith(ZIP):
        return next((kind for name, kind in IN_ZIP.items() if name in head), BINARY[ZIP])
    has_control = CONTROL.search(head) is not None
    for magic, kind in BINARY.items():
        if head.startswith(magic) and (has_control or not magic.isascii()):  # a header may begin with ORC
            return kind
    if has_control and head[257:262] == TAR:
        return "a tar archive", UNPACK
    even, odd = head[:64:2], head[1:64:2]
    if has_control and any(even) != any(odd):  # UTF-16 without its mark: letters beside zeros
        return BINARY[b"\xff\xfe"]
    return None
