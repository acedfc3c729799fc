"""Writes reports to a file: CSV, JSON lines or Parquet, by the file's ending; whole or not at all."""

from __future__ import annotations

import csv
import json
import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

COLUMNS = (
    "image", "answer", "probability", "exit_block", "exit_kind", "macs_used", "macs_full", "ms_used", "error",
)  # fmt: skip
_FORMULA = re.compile(
    r"\s*[=+\-@＝＋－＠\t\r\n]"
)  # what a spreadsheet would run; widgets/save.js has the same
_GROUP = 1000  # rows that Parquet packs together

Report = dict[str, Any]
Write = Callable[[Report], None]


def row_of(report: Report) -> dict[str, Any]:
    """A report, or {image, error}, as one value per column; None where there is none."""
    row = dict.fromkeys(COLUMNS) | {"image": report["image"], "error": report.get("error")}
    if "error" not in report:
        best = report["prediction"][0]
        row |= {"answer": best["label"], "probability": best["probability"]}
        row |= {"exit_block": report["exit"]["block"], "exit_kind": report["exit"]["kind"]}
        row |= {"macs_used": report["macs"]["used"], "macs_full": report["macs"]["full"]}
        row["ms_used"] = report["ms"]["used"]
    return row


@contextmanager
def writing(path: Path) -> Iterator[Write]:
    """A function that takes one report at a time. The file appears when all are written.

    Raises `ValueError` for an unknown ending, a missing folder or package.
    """
    kinds = {".csv": _csv, ".jsonl": _json_lines, ".parquet": _parquet}
    if path.suffix.lower() not in kinds:
        raise ValueError(f"{path} must end in .csv, .jsonl or .parquet.")
    if not path.parent.is_dir():
        raise ValueError(f"there is no folder {path.parent} to write {path.name} into; make it first.")
    part = path.with_name(path.name + ".part")
    try:
        with kinds[path.suffix.lower()](part) as write:
            yield write
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


@contextmanager
def _csv(path: Path) -> Iterator[Write]:
    """RFC 4180, with the byte order mark by which Excel detects UTF-8; text that would be a formula begins with '."""

    def cell(value: Any) -> Any:
        return f"'{value}" if isinstance(value, str) and _FORMULA.match(value) else value

    # A name whose bytes are not valid text keeps them as escapes.
    with path.open("w", encoding="utf-8-sig", errors="backslashreplace", newline="") as file:
        table = csv.writer(file)
        table.writerow(COLUMNS)
        yield lambda report: table.writerow([cell(value) for value in row_of(report).values()])


@contextmanager
def _json_lines(path: Path) -> Iterator[Write]:
    with path.open("w", encoding="utf-8") as file:
        yield lambda report: print(json.dumps(report), file=file)


@contextmanager
def _parquet(path: Path) -> Iterator[Write]:
    try:
        import pyarrow as pa
        from pyarrow.parquet import ParquetWriter
    except ImportError as error:
        raise ValueError("Parquet needs the package pyarrow; install it, or write .csv or .jsonl.") from error
    kinds = {"probability": pa.float64(), "ms_used": pa.float64(), "exit_block": pa.int32()}
    kinds |= {"macs_used": pa.int64(), "macs_full": pa.int64()}
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in COLUMNS])
    rows: list[dict[str, Any]] = []
    with ParquetWriter(path, schema) as file:

        def flush() -> None:
            file.write_table(pa.Table.from_pylist(rows, schema))
            rows.clear()

        def write(report: Report) -> None:
            row = row_of(report)
            row["image"] = row["image"].encode("utf-8", "backslashreplace").decode()
            rows.append(row)
            if len(rows) == _GROUP:
                flush()

        yield write
        flush()
