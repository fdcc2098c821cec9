"""A run's rights told: as a manifest that grants them, as a page of docs/, and those that are missing."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from kubecheck.cluster.needed import rights
from kubecheck.cluster.rights import PARTS, WHOLE, Part, Right
from kubecheck.policy import Policy
from kubecheck.report.lines import plain
from kubecheck.report.markdown import code, escaped
from kubecheck.wording import listed

NAME = "kubecheck"
SECRET = {"secrets", "serviceaccounts/token"}  # granted where they are needed, and nowhere else
WITHOUT = {
    Part.PROBES: "no probe pods: nothing is created, and whatever is asked from them is unknown",
    Part.REHEARSAL: "a node's joining is not rehearsed",
}

HEAD = """\
# The rights of kubecheck, least by least: a ServiceAccount, and a role for each part of what a run looks at.
# Made by `kubecheck rights {source}`; with another policy it prints what that one needs.
#
#   kubectl apply -f rbac.yaml
#   kubectl -n kubecheck create token kubecheck
#
# Leave out what you do not want to grant: what needs it is then unknown, and says so. A run with --no-probes
# needs none of {without}.
# docs/rights.md is all of it as a table, and deploy/narrow.yaml keeps kubecheck-probes to runs' namespaces.
"""
PAGE = """\
# Rights

What a run asks of the API server, for what, and what is unknown without it. A run asks the API server first
which of these its credentials have. Those that are missing are told before anything is created, and again at
the end with what could not be verified for want of them (`missing_rights` in `verdict.json`). Where one is
missing without which there are no probe pods, nothing is created at all.

`kubecheck rights POLICY` prints a manifest that grants what a run with that policy needs, and no more;
[deploy/base/rbac.yaml](../deploy/base/rbac.yaml) is the one for the profile `default`, and
[deploy/runbook/rbac.yaml](../deploy/runbook/rbac.yaml) the one for the profile `runbook`, which this page
shows too. Each part is a role by itself, so leave out what you do not want to grant.

```
kubectl apply -f deploy/base/rbac.yaml
kubectl -n kubecheck create token kubecheck
```

To create nothing at all, run with `--no-probes`: it looks at what the API server tells, and needs the parts
{without} only.

## Narrower

A run makes namespaces of its own, `kubecheck-RUN`, `kubecheck-RUN-peer` and `kubecheck-RUN-node`, and a
role cannot grant a right in namespaces that are not there yet. So the rights of the part `probes` hold
in all namespaces. [deploy/narrow.yaml](../deploy/narrow.yaml) takes that back: a ValidatingAdmissionPolicy
(Kubernetes 1.30) under which this ServiceAccount creates, deletes and enters nothing outside of namespaces
whose names begin with `kubecheck-`. Reading passes no admission, reading pods' logs neither: without
`get pods/log` only `nodes.logs` is unknown. Bindings are never made, so none of these roles needs a right
to bind."""


def manifest(policy: Policy, source: str) -> str:
    """YAML that grants what a run with ``policy`` needs; ``source`` is how a person names that policy."""
    needed = rights(policy)
    documents = [
        f"apiVersion: v1\nkind: Namespace\nmetadata:\n  name: {NAME}\n",
        f"apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: {NAME}\n  namespace: {NAME}\n",
    ]
    for part in Part:
        mine = [right for right in needed if right.part is part]
        about = _comment(PARTS[part], "")
        everywhere = [right for right in mine if not _confined(right)]
        if everywhere:
            documents.append(f"{about}{_role(part, everywhere)}")
            documents.append(_binding(part))
        for namespace in dict.fromkeys(right.namespace for right in mine if _confined(right)):
            there = [right for right in mine if _confined(right) and right.namespace == namespace]
            documents.append(f"{about}{_role(part, there, namespace)}")
            documents.append(_binding(part, namespace))
    read_only = {right.part for right in rights(policy, probes=False)}
    without = [f"kubecheck-{part}" for part in Part if part in {right.part for right in needed} - read_only]
    return HEAD.format(source=source, without=listed(without)) + "---\n".join(documents)


def page(policy: Policy) -> str:
    """The page of docs/, for a run with ``policy``."""
    needed = rights(policy)
    without = dict.fromkeys(str(right.part) for right in rights(policy, probes=False))
    lines = [PAGE.format(without=", ".join(map(code, without)))]
    for part in Part:
        lines += ["", f"## {part}", "", escaped(PARTS[part]), "", "| right | for | unknown without it |"]
        lines.append("|---|---|---|")
        rows: dict[tuple[str, str], list[Right]] = {}
        for right in (each for each in needed if each.part is part):
            rows.setdefault((str(replace(right, namespace="")), right.why), []).append(right)
        for (what, why), same in rows.items():
            where = ", ".join(right.namespace for right in same)
            told = code(what) + (f" in {where}" if where else "")
            lines.append(f"| {told} | {escaped(why)} | {_stopped(same[0])} |")
    return "\n".join(lines)


def missing_told(missing: Iterable[Right]) -> list[str]:
    """Lines that say which rights are missing, and what cannot be told for want of each."""
    grouped: dict[tuple[str, str], list[str]] = {}
    for right in missing:
        told = WITHOUT.get(right.part, "") if right.checks == WHOLE else ""
        why = told or f"{right.why}; unknown: {', '.join(right.checks) or 'nothing'}"
        grouped.setdefault((right.part, why), []).append(str(right))
    if not grouped:
        return []
    lines = [plain(f"  {', '.join(rights)}: {why}") for (_, why), rights in grouped.items()]
    return ["missing rights (`kubecheck rights` prints a manifest that grants them):", *lines]


def _stopped(right: Right) -> str:
    if right.checks != WHOLE:
        return ", ".join(map(code, right.checks)) or "nothing, but less is told"
    return escaped(WITHOUT.get(right.part, "everything: there is no run without it"))


def _confined(right: Right) -> bool:
    return bool(right.namespace) and right.resource in SECRET


def _role(part: Part, needed: Sequence[Right], namespace: str = "") -> str:
    head = ["apiVersion: rbac.authorization.k8s.io/v1", f"kind: {'Role' if namespace else 'ClusterRole'}"]
    head += ["metadata:", f"  name: {NAME}-{part}", *([f"  namespace: {namespace}"] if namespace else [])]
    rules: dict[tuple[str, bool], list[Right]] = {}
    for right in needed:
        rules.setdefault((right.what, bool(right.name)), []).append(right)
    lines = [*head, "rules:"]
    for same in rules.values():
        lines += _rule(same)
    return "\n".join(lines) + "\n"


def _rule(same: Sequence[Right]) -> Iterator[str]:
    for why in dict.fromkeys(right.why for right in same):
        yield _comment(why, "  ").rstrip()
    first = same[0]
    if first.resource:
        yield f"  - apiGroups: {_list([first.group])}"
        yield f"    resources: {_list([first.resource])}"
        if first.name:
            yield f"    resourceNames: {_list(right.name for right in same)}"
    else:
        yield f"  - nonResourceURLs: {_list([first.what])}"
    yield f"    verbs: {_list(right.verb for right in same)}"


def _binding(part: Part, namespace: str = "") -> str:
    kind = "Role" if namespace else "ClusterRole"
    where = f"  namespace: {namespace}\n" if namespace else ""
    return (
        f"apiVersion: rbac.authorization.k8s.io/v1\nkind: {kind}Binding\n"
        f"metadata:\n  name: {NAME}-{part}\n{where}"
        f"roleRef:\n  apiGroup: rbac.authorization.k8s.io\n  kind: {kind}\n  name: {NAME}-{part}\n"
        f"subjects:\n  - kind: ServiceAccount\n    name: {NAME}\n    namespace: {NAME}\n"
    )


def _list(items: Iterable[str]) -> str:
    return json.dumps(list(dict.fromkeys(items)))


def _comment(text: str, indent: str) -> str:
    return textwrap.fill(text, 108, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# ") + "\n"
