"""verdict.json's JSON Schema, and the page in docs/ that explains it, both made of schema.py.

``python -m kubecheck.report.schema_files`` writes them anew; a test fails while they are behind.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from kubecheck.report.schema import (
    About,
    CauseFound,
    CauseNamed,
    Changed,
    CheckResult,
    Cluster,
    Document,
    Explained,
    Judged,
    MissingRight,
    NodeFound,
    NotJudged,
    Requests,
    Since,
)

ID = "urn:kubecheck:verdict.json:1"
FILE = Path(__file__).with_name("verdict.schema.json")
PAGE = Path(__file__).parents[2] / "docs" / "verdict-json.md"
INTRODUCTION = """\
# verdict.json

Every run writes `reports/verdict.json` for programs. Its JSON Schema is
[verdict.schema.json](../kubecheck/report/verdict.schema.json), which travels in the package. This page is
made from it (`make docs`).

```
jq -r .verdict reports/verdict.json
jq -r '.causes[] | .says, (.remedy[] | "  " + .)' reports/verdict.json
jq -r '.checks[] | select(.outcome == "failed") | .id + " " + .vantage' reports/verdict.json
jq -r '.catalogue["dns.dns_replicas_ready"].remedy[]' reports/verdict.json
```

Each result stands on a line of its own, and what a check demands stands once in `catalogue`, so that the file
stays small where there are many nodes. All text is as the cluster gave it: escape it wherever you show it."""


def schema() -> dict[str, Any]:
    """The JSON Schema of verdict.json (draft 2020-12)."""
    body = TypeAdapter(Document).json_schema(by_alias=True, mode="serialization")
    body.pop("discriminator")  # it is OpenAPI's; in JSON Schema it means nothing
    for definition in body["$defs"].values():
        if definition.get("additionalProperties") is False:
            del definition["additionalProperties"]  # a reader of today accepts the fields of tomorrow
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "kubecheck's verdict.json",
        "description": "What one run of kubecheck found out about one cluster.",
        **body,
    }


def page() -> str:
    """docs/verdict-json.md: every field and its meaning."""
    lines = [INTRODUCTION]
    for model, title in (
        (Judged, "A run that began"),
        (NotJudged, "A run that could not begin"),
        (CheckResult, "checks[]"),
        (About, "catalogue{}"),
        (CauseFound, "causes[]"),
        (Explained, "causes[].explains[] and unexplained[]"),
        (Since, "since"),
        (Changed, "since.broke[] and its like"),
        (CauseNamed, "since.causes_new[] and since.causes_gone[]"),
        (MissingRight, "missing_rights[]"),
        (Requests, "requests"),
        (Cluster, "cluster"),
        (NodeFound, "cluster.nodes[]"),
    ):
        body = model.model_json_schema(mode="serialization")
        lines += [
            f"\n## {title}\n",
            f"{body['description']}\n",
            "| field | type | meaning |",
            "|---|---|---|",
        ]
        lines += [
            f"| `{name}` | {_type(field)} | {' '.join(field['description'].split())} |"
            for name, field in body["properties"].items()
        ]
    return "\n".join(lines) + "\n"


def _type(field: dict[str, Any]) -> str:
    if "$ref" in field:
        return "object"
    if "const" in field:
        return json.dumps(field["const"])
    if "enum" in field:
        return " or ".join(json.dumps(value) for value in field["enum"])
    if "anyOf" in field:
        return " or ".join(_type(each) for each in field["anyOf"])
    if field["type"] == "array":
        return f"list of {_plural(_type(field['items']))}"
    if field["type"] == "object":
        values = field.get("additionalProperties")
        return f"object of {_plural(_type(values))}" if isinstance(values, dict) else "object"
    return f"{field['type']} ({field['format']})" if "format" in field else str(field["type"])


def _plural(word: str) -> str:
    return word if word.startswith("list") else f"{word}s"


def _write() -> None:
    FILE.write_text(json.dumps(schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(), encoding="utf-8")


if __name__ == "__main__":
    _write()
