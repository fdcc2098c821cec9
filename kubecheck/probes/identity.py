"""Who answered: our servers say it of themselves, over HTTP and over UDP alike."""

from __future__ import annotations

from dataclasses import dataclass

from kubecheck.probes.question import Answer


@dataclass(frozen=True)
class Identity:
    """Who answered, as each of our nginx servers says of itself.

    ``server`` is the pod's own address, ``client`` the source address it saw.
    """

    namespace: str
    pod: str
    server: str
    client: str

    @classmethod
    def read(cls, text: str) -> Identity | None:
        """The identity in ``text``; None when no server of ours wrote it."""
        fields = dict(part.split("=", 1) for part in text.split() if "=" in part)
        try:
            return cls(fields["namespace"], fields["pod"], fields["server"], fields["client"])
        except KeyError:
            return None


@dataclass(frozen=True)
class IdentityAnswer(Answer):
    """An answer in which a server of ours says who it is, or why there is none."""

    @property
    def answered(self) -> bool:
        """Whether anything answered; the tools fail when nothing did."""
        return self.raw.status == 0

    @property
    def identity(self) -> Identity | None:
        """Who answered; None when it was no server of ours."""
        return Identity.read(self.raw.text)

    def must_come_from(self, pod: str, namespace: str) -> Identity:
        """The pod ``namespace/pod`` itself answered. Returns its identity."""
        expected = f"an answer of pod {namespace}/{pod}"
        self.must(self.answered, expected)
        identity = self.identity
        self.must(identity is not None and (identity.namespace, identity.pod) == (namespace, pod), expected)
        assert identity is not None
        return identity

    def must_come_from_namespace(self, namespace: str) -> Identity:
        """Some pod of ``namespace`` answered. Returns its identity."""
        expected = f"an answer of a pod in namespace {namespace}"
        self.must(self.answered, expected)
        identity = self.identity
        self.must(identity is not None and identity.namespace == namespace, expected)
        assert identity is not None
        return identity
