"""Creating objects, many at once, and saying plainly which was refused and why."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from kubecheck.cluster.api import Api, ApiError
from kubecheck.fleet.sharing import existing

Json = dict[str, Any]

AT_ONCE = 16  # requests under way
COLLECTIONS = {
    "ConfigMap": "configmaps",
    "Deployment": "deployments",
    "EndpointSlice": "endpointslices",
    "NetworkPolicy": "networkpolicies",
    "Pod": "pods",
    "Secret": "secrets",
    "Service": "services",
    "ServiceAccount": "serviceaccounts",
}


class FleetProblem(Exception):
    """The fleet could not be put there; the text says which object was refused and why."""


class Creator:
    """Creates objects in namespaces, ``AT_ONCE`` at a time; made by ``creator``.

    In a fleet that is ``shared``, what is there already is as good as made.
    """

    def __init__(self, api: Api, pool: ThreadPoolExecutor, *, shared: bool) -> None:
        self.api = api
        self.pool = pool
        self.shared = shared

    def create(self, namespace: str, body: Json) -> Json:
        """The object as the API server made it. Raises FleetProblem."""
        version = body["apiVersion"]
        group = f"/apis/{version}" if "/" in version else f"/api/{version}"
        return self._post(f"{group}/namespaces/{namespace}/{COLLECTIONS[body['kind']]}", body)

    def namespace(self, body: Json) -> Json:
        """The same for a namespace itself."""
        return self._post("/api/v1/namespaces", body)

    def attempt(self, namespace: str, body: Json) -> Json | str:
        """The object, or why it was refused: for what only some checks need."""
        try:
            return self.create(namespace, body)
        except FleetProblem as problem:
            return str(problem)

    def begin_all(self, bodies: Iterable[tuple[str, Json]]) -> list[Future[Json]]:
        """Begin to create each body in its namespace, side by side; a result may raise FleetProblem."""
        return [self.pool.submit(self.create, *each) for each in bodies]

    def create_all(self, bodies: Iterable[tuple[str, Json]]) -> list[Json]:
        """Create each body in its namespace, side by side. Raises FleetProblem."""
        return [each.result() for each in self.begin_all(bodies)]

    def _post(self, path: str, body: Json) -> Json:
        try:
            return self.api.create(path, body)
        except ApiError as problem:
            if not (self.shared and existing(problem)):
                raise FleetProblem(
                    f"{body['kind']} {body['metadata']['name']} was refused: {problem}"
                ) from None
        return self._made_by_another(path, body)

    def _made_by_another(self, path: str, body: Json) -> Json:
        """What stands there under that name. Of all but Services nobody needs more than what was wanted."""
        if body["kind"] != "Service":
            return body
        try:
            (found,) = self.api.items(path, fieldSelector=f"metadata.name={body['metadata']['name']}")
        except (ApiError, ValueError) as problem:
            raise FleetProblem(f"Service {body['metadata']['name']} could not be read: {problem}") from None
        return {"kind": "Service", **found}  # an item of a list does not say of what kind it is


@contextmanager
def creator(api: Api, *, shared: bool = False) -> Iterator[Creator]:
    """A Creator, whose requests have all ended afterwards."""
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="create") as pool:
        yield Creator(api, pool, shared=shared)
