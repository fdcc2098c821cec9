"""One fleet for several processes: each puts it there as far as the others have not, the last takes it away.

They find each other by the run's id alone. In one of the run's namespaces lies a ConfigMap that says of each
shard that has come whether it is here or has left. Each writes its own line with a patch. The API server puts
patches into an order and answers each with what has become of the ConfigMap, so of those that leave at the
same time exactly one finds nobody here. That one takes the namespaces away, once all shards have come. Where
some have not, they may be late, or never come: their runs could not begin, or one is run again after the
others had ended. They are waited for until PATIENCE seconds after the one that waits has come itself.

Before the namespaces go the ConfigMap says so, by a patch that the API server refuses if anything has become
different there (a shard has come, or come and left): so nobody comes unseen. Who comes later reads it, waits
until the namespaces are gone, and begins anew. A shard that is run again writes the line of its number, which
makes it one that is here, whatever became of it before.

A shard that is killed stays here: then the namespaces stand until it is run again or their deadline has
passed, as those of any run that was killed.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#patch-and-apply, and for what is refused
https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from kubecheck.cluster.api import Api, ApiError
from kubecheck.cluster.needed import SHARDS
from kubecheck.fleet.manifests import MANAGED_BY, RUN_LABEL
from kubecheck.fleet.removal import ANSWER
from kubecheck.shard import Shard
from kubecheck.wording import listed

Json = dict[str, Any]

PATIENCE = 60.0  # seconds: shards begin at the same time, but for what their jobs do before
HERE, LEFT = "here", "left"
GOING = "removed"
"""The line that says which shard takes the namespaces away; all others are shards' numbers."""


class Sharing:
    """One shard's part in a fleet. ``namespace`` is one of the run's, in which all of them meet."""

    def __init__(self, api: Api, namespace: str, run: str, shard: Shard) -> None:
        self.api = api
        self.collection = f"/api/v1/namespaces/{namespace}/configmaps"
        self.run = run
        self.shard = shard
        self._patient_until = time.monotonic() + PATIENCE
        self._found: Json = {}
        """The ConfigMap as it was last seen; empty where there is none."""
        self._left = False

    def arrive(self) -> bool:
        """Say that this shard is here. False where the fleet is being taken away. Raises ApiError."""
        mine = {str(self.shard.number): HERE}
        labels = {**MANAGED_BY, RUN_LABEL: self.run}
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": SHARDS, "labels": labels}}
        self._patient_until = time.monotonic() + PATIENCE
        try:
            try:
                self._found = self.api.create(self.collection, {**body, "data": mine})
            except ApiError as problem:
                if not existing(problem):
                    raise
                self._found = self._patch({"data": mine})
        except ApiError as problem:
            if problem.status == 404 or _ending(problem):
                return False
            raise
        return GOING not in self._lines

    def leave(self) -> None:
        """Say that this shard has left, once. Raises ApiError."""
        if self._left:
            return
        try:
            self._found = self._patch({"data": {str(self.shard.number): LEFT}})
        except ApiError as problem:
            if problem.status != 404:
                raise
            self._found = {}  # it never came to be, or the namespace is gone
        self._left = True

    @property
    def nobody_here(self) -> bool:
        """Whether all that have come have left, and none of them is taking the namespaces away."""
        return bool(self._lines) and HERE not in self._lines.values() and GOING not in self._lines

    @property
    def awaited(self) -> float:
        """For how many seconds shards that have not come are still waited for."""
        if not self.nobody_here or not self._named(lambda line: line is None):
            return 0.0
        return max(0.0, self._patient_until - time.monotonic())

    def takes_away(self) -> bool:
        """Whether the namespaces are this shard's to remove: nobody is here, and nobody comes any more.

        Those that are still waited for are given up. Raises ApiError.
        """
        if not self._found:
            return True
        claim = {GOING: str(self.shard.number)}
        while self.nobody_here:
            version = self._found["metadata"]["resourceVersion"]
            try:
                self._found = self._patch({"metadata": {"resourceVersion": version}, "data": claim})
            except ApiError as problem:
                if problem.status == 404:
                    return False  # another has done it
                if problem.status != 409:
                    raise
                self._found = self._patch({})
        return self._lines.get(GOING) == claim[GOING]  # whose answer may have been lost the first time

    def told(self) -> str:
        """Why the namespaces still stand though this shard has left."""
        namespaces = f"the namespaces of run {self.run}"
        if self.nobody_here:
            late = self._named(lambda line: line is None)
            return f"{namespaces} go in {self.awaited:.0f} s unless these shards come: {late}"
        here = self._named(lambda line: line == HERE)
        return f"{namespaces} are left to the shards that are still here: {here}" if here else ""

    @property
    def _lines(self) -> dict[str, str]:
        lines: dict[str, str] = self._found.get("data") or {}
        return lines

    def _named(self, of_interest: Callable[[str | None], bool]) -> str:
        """The shards whose lines are ``of_interest``; one that has never come has None."""
        shards = (Shard(number, self.shard.of) for number in range(1, self.shard.of + 1))
        return listed([str(each) for each in shards if of_interest(self._lines.get(str(each.number)))])

    def _patch(self, body: Json) -> Json:
        return self.api.patch(f"{self.collection}/{SHARDS}", body, seconds=ANSWER)


def existing(problem: ApiError) -> bool:
    """Whether something was refused because it is there already."""
    return problem.status == 409 and problem.reason == "AlreadyExists"


def _ending(problem: ApiError) -> bool:
    """Whether something was refused because its namespace is being deleted.

    Source: https://github.com/kubernetes/kubernetes/blob/master/staging/src/k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle/admission.go
    """
    return problem.status == 403 and '"NamespaceTerminating"' in problem.body
