"""The fault catalogue as a proof of kubecheck: every fault put into the lab, judged, and healed again."""
