"""``kubecheck merge``: the shards of a run, judged as one."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from kubecheck.survey.merging import merged
from kubecheck.survey.record import RecordProblem, load_record, save_record

DESCRIPTION = """\
Joins the records of a run's shards and judges them as one run: the same verdict, reports and exit code.
Nothing is asked of the cluster. What a missing shard was to ask could not be told."""


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
    parser.add_argument(
        "--reports", type=Path, default=Path("reports"), metavar="DIR",
        help="folder for the reports and the joined record.json (default: reports)",
    )  # fmt: skip
    given, options = parser.parse_known_args(arguments)
    try:
        joined = merged([load_record(_record(path)) for path in given.records])
        given.reports.mkdir(parents=True, exist_ok=True)
    except (RecordProblem, OSError) as problem:
        print(f"kubecheck: {problem}", file=sys.stderr)
        return 2
    record = given.reports / "record.json"
    save_record(joined, record)
    from kubecheck.commands import run

    # The variable of a job that is given to its shards as well as to this.
    whole = ["--shard", str(joined.shard)]
    return run.main(["--replay", str(record), "--reports", str(given.reports), *whole, *options])


def _record(path: Path) -> Path:
    return path / "record.json" if path.is_dir() else path
