// Command pause holds a pod's namespaces open. As the pod's process 1 it reaps the
// children that others leave behind, and ends when it is told to.
package main

import (
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGCHLD, syscall.SIGINT, syscall.SIGTERM)
	for received := range signals {
		if received != syscall.SIGCHLD {
			return
		}
		for {
			child, _ := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
			if child <= 0 {
				break
			}
		}
	}
}
