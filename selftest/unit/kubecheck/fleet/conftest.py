"""The API server of the tests of `cluster`: on loopback, and with streams among its answers."""

from selftest.unit.kubecheck.cluster.conftest import api, kubeconfig, server, streams  # noqa: F401 - fixtures
