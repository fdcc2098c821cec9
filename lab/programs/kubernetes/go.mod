// Marks the module's root. Each Kubernetes version has its own module file beside
// this one (1.37.2.mod, 1.37.2.sum, ...), chosen with go build -modfile.
module kubecheck.dev/lab/kubernetes

go 1.22.0
