"""The few calls that the lab makes to its API server, through the loopback port."""

import http.client
import json
import ssl
from pathlib import Path
from string import Template
from typing import Any

import yaml

from lab.errors import LabError

MANIFESTS = Path(__file__).parent / "manifests"
TIMEOUT_SECONDS = 15.0
FIELD_MANAGER = "kubecheck-lab"
RESOURCES = {
    "APIService": "apiservices",
    "ClusterRole": "clusterroles",
    "ClusterRoleBinding": "clusterrolebindings",
    "ConfigMap": "configmaps",
    "Deployment": "deployments",
    "Namespace": "namespaces",
    "Role": "roles",
    "RoleBinding": "rolebindings",
    "Secret": "secrets",
    "Service": "services",
    "ServiceAccount": "serviceaccounts",
}


class Api:
    """The API as the cluster's administrator, whose certificate lies in the lab's ``pki``."""

    def __init__(self, port: int, pki: Path) -> None:
        self._port = port
        self._context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
        self._context.load_cert_chain(pki / "admin.crt", pki / "admin.key")

    def ready(self) -> bool:
        """Whether an API server answers and calls itself ready."""
        try:
            return self._request("GET", "/readyz")[0] == http.HTTPStatus.OK
        except (OSError, http.client.HTTPException):
            return False

    def get(self, path: str) -> dict[str, Any] | None:
        """Read an object or a list; None when the server does not have it or cannot tell now."""
        try:
            status, body = self._request("GET", path)
        except (OSError, http.client.HTTPException):
            return None
        return json.loads(body) if status == http.HTTPStatus.OK else None

    def patch(self, path: str, body: dict[str, Any], kind: str = "merge-patch+json") -> None:
        """Change an object, or make it with a kind of ``apply-patch+yaml``."""
        try:
            status, answer = self._request("PATCH", path, json.dumps(body), f"application/{kind}")
        except (OSError, http.client.HTTPException) as error:
            raise LabError(f"The API server did not take {path}: {error}.") from error
        if status not in (http.HTTPStatus.OK, http.HTTPStatus.CREATED):
            raise LabError(f"The API server refused {path}: {answer.decode(errors='replace')}")

    def create(self, collection: str, body: dict[str, Any]) -> None:
        """Make an object in the collection of its kind."""
        self._change("POST", collection, body)

    def replace(self, path: str, body: dict[str, Any]) -> None:
        """Put another object in the place of one."""
        self._change("PUT", path, body)

    def delete(self, path: str) -> None:
        """Take an object away at once; one that is not there is no error."""
        self._change("DELETE", path, {"gracePeriodSeconds": 0}, missing_is_well=True)

    def _change(self, method: str, path: str, body: dict[str, Any], *, missing_is_well: bool = False) -> None:
        try:
            status, answer = self._request(method, path, json.dumps(body), "application/json")
        except (OSError, http.client.HTTPException) as error:
            raise LabError(f"The API server did not take {method} {path}: {error}.") from error
        if status == http.HTTPStatus.NOT_FOUND and missing_is_well:
            return
        if status not in (http.HTTPStatus.OK, http.HTTPStatus.CREATED, http.HTTPStatus.ACCEPTED):
            raise LabError(f"The API server refused {method} {path}: {answer.decode(errors='replace')}")

    def apply(self, manifest: str, **values: object) -> None:
        """Apply lab/manifests/MANIFEST.yaml with ``${NAME}`` replaced by its value."""
        text = Template((MANIFESTS / f"{manifest}.yaml").read_text()).substitute(values)
        for document in yaml.safe_load_all(text):
            self.patch(
                f"{object_path(document)}?fieldManager={FIELD_MANAGER}&force=true",
                document,
                "apply-patch+yaml",
            )

    def waiting_pods(self) -> list[str]:
        """Every pod with a container that is not ready, and what it waits for; none when nobody answers."""
        found = []
        for pod in (self.get("/api/v1/pods") or {"items": []})["items"]:
            name = f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"
            if "nodeName" not in pod["spec"]:
                found.append(f"{name}: on no node yet")
            for container in pod["status"].get("containerStatuses", []):
                if not container["ready"]:
                    waiting = container["state"].get("waiting", {})
                    found.append(f"{name}: {waiting.get('reason', 'not ready')} {waiting.get('message', '')}")
        return found

    def _request(
        self, method: str, path: str, body: str | None = None, content_type: str = ""
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPSConnection(
            "127.0.0.1", self._port, context=self._context, timeout=TIMEOUT_SECONDS
        )
        try:
            headers = {"Content-Type": content_type} if content_type else {}
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


def object_path(manifest: dict[str, Any]) -> str:
    """Where the API keeps an object."""
    version = manifest["apiVersion"]
    group = f"/apis/{version}" if "/" in version else f"/api/{version}"
    metadata = manifest["metadata"]
    namespace = f"/namespaces/{metadata['namespace']}" if "namespace" in metadata else ""
    return f"{group}{namespace}/{RESOURCES[manifest['kind']]}/{metadata['name']}"
