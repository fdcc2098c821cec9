"""Credentials out of a kubeconfig, as kubectl takes them and keeps them valid while a run lasts.

The client's own reader does most of it. What it does otherwise than kubectl is mended here: a credential
plugin that fails would leave one anonymous, certificates of a plugin and a token's file would be read once
only, and impersonation is not known to it.
Source: https://kubernetes.io/docs/reference/config-api/client-authentication.v1/

The client is imported here, so this module is imported only where a run connects.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from kubernetes.client import Configuration
from kubernetes.config import ConfigException
from kubernetes.config.dateutil import parse_rfc3339
from kubernetes.config.exec_provider import ExecProvider
from kubernetes.config.kube_config import FileOrData, KubeConfigLoader, KubeConfigMerger

from kubecheck.cluster.impersonation import Headers, impersonation
from kubecheck.cluster.keyfiles import key_folder

FILE_KEPT = timedelta(minutes=1)  # client-go reads a token's file again after that, too
EARLY = timedelta(seconds=10)  # a request takes time, and clocks differ


class Kubeconfig(KubeConfigLoader):
    """The cluster and the user of a kubeconfig's context. Reading it raises ConfigException."""

    expiry: datetime | None = None
    certificate_by_plugin = False

    def __init__(self, paths: Sequence[str], context: str | None) -> None:
        merged: Any = KubeConfigMerger(os.pathsep.join(paths)).config
        for kind in ("clusters", "contexts", "users"):
            for entry in merged.value[kind]:
                # Its place in messages; the client would put there all that it holds.
                entry.name = f"{entry.path}: {kind}/{entry.value['name']}"
        super().__init__(  # type: ignore[no-untyped-call]
            merged, active_context=context, config_base_path=None, temp_file_path=key_folder()
        )
        self._renewing = threading.Lock()

    def configure(self, configuration: Configuration) -> None:
        """Write all of it into ``configuration``, and have it renewed there when it runs out."""
        self.load_and_set(configuration)  # type: ignore[no-untyped-call]
        renewal: Any = self._renewal() if self.expiry else None
        configuration.refresh_api_key_hook = renewal

    @property
    def proxy_url(self) -> str:
        """The proxy that the kubeconfig names for its cluster; empty where it names none."""
        return str(self.__dict__.get("proxy") or "")

    def impersonation(self) -> Headers:
        """Whom the kubeconfig's user acts as. Raises ValueError."""
        user = self._told_of_user
        return impersonation(
            user.get("as") or "",
            user.get("as-groups") or (),
            uid=user.get("as-uid") or "",
            extra=user.get("as-user-extra") or {},
        )

    @property
    def _told_of_user(self) -> dict[str, Any]:
        return self._user.value if self._user else {}

    def _renewal(self) -> Callable[[Configuration], None]:
        def renew(configuration: Configuration) -> None:
            # One thread renews, and those that ask meanwhile wait for what it gets.
            with self._renewing:
                if self.expiry and datetime.now(UTC) >= self.expiry - EARLY:
                    self._load_authentication()  # type: ignore[no-untyped-call]
                    for each in {"cert_file", "key_file"} & self.__dict__.keys():
                        setattr(configuration, each, getattr(self, each))
                    if "token" in self.__dict__:
                        configuration.api_key["BearerToken"] = self.token

        # A function, because a configuration that is copied copies a method with all that it belongs to.
        return renew

    def _load_user_token(self) -> bool:
        path = self._told_of_user.get("tokenFile")
        if not path:
            return bool(super()._load_user_token())  # type: ignore[no-untyped-call]
        file = Path(self._folder(self._user), path)
        try:
            self.token = f"Bearer {file.read_text(encoding='utf-8').strip()}"
        except (OSError, ValueError) as problem:
            raise ConfigException(f"the token in {file} cannot be read: {problem}") from None
        self.expiry = datetime.now(UTC) + FILE_KEPT
        return True

    def _load_from_exec_plugin(self) -> bool:
        plugin = self._told_of_user.get("exec")
        if not plugin:
            return False
        name = f"its credential plugin {plugin.get('command')}"
        node: Any = self._user
        try:
            self._take(ExecProvider(node["exec"], self._folder(self._cluster), self._cluster).run())
        except OSError as problem:
            hint = " ".join(str(plugin.get("installHint") or "is it installed, and in PATH?").split())
            raise ConfigException(f"{name} cannot be run ({problem.strerror}): {hint}") from None
        except ConfigException as problem:
            said = " ".join(str(problem).removeprefix("exec: ").split())[:500]
            raise ConfigException(f"{name} gave no credentials: {said}") from None
        except (ValueError, TypeError, KeyError, AttributeError) as problem:
            raise ConfigException(f"{name} printed what is no ExecCredential: {problem}") from None
        return True

    def _folder(self, entry: Any) -> str:
        """The folder of the file that ``entry`` stands in, which its relative paths start from."""
        return str(self._get_base_path(entry.path))  # type: ignore[no-untyped-call]

    def _take(self, status: dict[str, Any]) -> None:
        """What a plugin gave: a token, a client certificate with its key, or both."""
        certificate, key = status.get("clientCertificateData"), status.get("clientKeyData")
        if not status.get("token") and not (certificate and key):
            raise ConfigException("neither a token nor a client certificate with its key is in its status")
        if status.get("token"):
            self.token = f"Bearer {status['token']}"
        if certificate and key:
            self.certificate_by_plugin = True
            self.cert_file, self.key_file = (
                FileOrData(
                    {"pem": text},
                    None,
                    data_key_name="pem",
                    base64_file_content=False,
                    temp_file_path=key_folder(),
                ).as_file()
                for text in (certificate, key)
            )
        ends = status.get("expirationTimestamp")
        self.expiry = parse_rfc3339(ends) if ends else None
