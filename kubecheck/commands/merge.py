"""``kubecheck merge``: the shards of a run, judged as one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from kubecheck.environment import Environment
from kubecheck.output import written
from kubecheck.survey.merging import merged
from kubecheck.survey.record import RECORD, Record, RecordProblem, load_record, save_record
from kubecheck.wording import listed

DESCRIPTION = """\
Joins the records of a run's shards and judges them as one run: the same verdict, reports and exit code.
Nothing is asked of the cluster. What a missing shard was to ask could not be told, nor what one was to ask
that has left its folder without a record."""


def main(arguments: Sequence[str]) -> int:
    """Write the joined record, and judge it. Returns the run's exit code, 2 for records that do not fit."""
    parser = argparse.ArgumentParser(
        prog="kubecheck merge",
        description=DESCRIPTION,
        epilog="Further options are those of a run: -q, -k ...",
    )
    parser.add_argument(
        "records",
        type=Path,
        nargs="+",
        metavar="RECORD",
        help="record.json of a shard, or its folder of reports",
    )
    Environment(parser.add_argument, parser.error).addoption(
        "--reports", type=Path, default=Path("reports"), metavar="DIR",
        help="folder for the reports and the joined record.json (default: reports)",
    )  # fmt: skip
    given, options = parser.parse_known_args(arguments)
    try:
        joined = merged(_records(given.records))
    except RecordProblem as problem:
        print(f"kubecheck: {problem}", file=sys.stderr)
        return 2
    record = given.reports / RECORD
    if not written(str(record), lambda: _save(joined, record)):
        return 2
    from kubecheck.commands import run

    return run.main(["--replay", str(record), "--reports", str(given.reports), *options])


def _save(record: Record, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_record(record, path)


def _records(paths: Sequence[Path]) -> list[Record]:
    """What the shards have recorded; one that could not begin leaves a folder without a record.

    Raises RecordProblem, also where there is no record at all.
    """
    files = [path / RECORD if path.is_dir() else path for path in paths]
    untold = [path for path, file in zip(paths, files, strict=True) if path.is_dir() and not file.exists()]
    if len(untold) == len(paths):
        raise RecordProblem(f"no shard has left a {RECORD} in {listed([str(path) for path in untold])}")
    for path in untold:
        print(f"kubecheck: no {RECORD} in {path}: what that shard was to ask is unknown", file=sys.stderr)
    return [load_record(file) for path, file in zip(paths, files, strict=True) if path not in untold]
