//go:build kubelet_without_context

package main

import (
	"github.com/spf13/cobra"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

// newKubeletCommand serves the versions whose command takes no context (1.30).
func newKubeletCommand() *cobra.Command {
	return kubelet.NewKubeletCommand()
}
