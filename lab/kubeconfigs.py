"""Kubeconfig files: who connects where, and what proves it."""

import base64
import json
from pathlib import Path
from typing import Any

from lab.pki import Certificate


def client(certificate: Certificate) -> dict[str, str]:
    """The credentials of somebody with a certificate."""
    return {
        "client-certificate-data": base64.b64encode(certificate.certificate).decode(),
        "client-key-data": base64.b64encode(certificate.key).decode(),
    }


def token(value: str) -> dict[str, str]:
    """The credentials of somebody with a token."""
    return {"token": value}


def write(path: Path, server: str, authority: bytes, user: str, credentials: dict[str, str]) -> None:
    """Write the kubeconfig, readable by its owner only; JSON is YAML too."""
    content: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [
            {
                "name": "kubernetes",
                "cluster": {
                    "server": server,
                    "certificate-authority-data": base64.b64encode(authority).decode(),
                },
            }
        ],
        "users": [{"name": user, "user": credentials}],
        "contexts": [{"name": f"{user}@kubernetes", "context": {"cluster": "kubernetes", "user": user}}],
        "current-context": f"{user}@kubernetes",
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(content, indent=2) + "\n")
