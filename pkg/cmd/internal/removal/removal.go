// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package removal is what the commands that remove pods have in common: which
// cluster and which pods need more care, where manifests go, and the question.
package removal

import (
	"errors"
	"path/filepath"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/clean"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
)

// UnreadyFor is how long a living pod must not have been ready, unless
// --older-than says otherwise: a crash loop may mend itself.
const UnreadyFor = 30 * time.Minute

// MinRestarts is how often a container of a crash-looping pod must have been
// restarted, unless --min-restarts says otherwise.
const MinRestarts = 5

// The limits of --max and --max-disrupt, unless they say otherwise.
const (
	MaxEnded  = 1000
	MaxLiving = 10
)

// SystemNamespaces are left alone by -A.
func SystemNamespaces() []string { return []string{"kube-system", "kube-public", "kube-node-lease"} }

// CanI is the command that asks the server what it has denied, in the namespace
// or, if that is empty, in all.
func CanI(a clean.Access, namespace string) string {
	where := "-n " + namespace
	if namespace == "" {
		where = "--all-namespaces"
	}
	what := string(a)
	if a == clean.AccessNamespace && namespace != "" {
		what += "/" + namespace
	}
	return "kubectl auth can-i " + what + " " + where
}

// Self names the pod that podwatch runs in: as the downward API is told to say,
// else as Kubernetes names its host.
func Self(lookupEnv func(string) (string, bool), now time.Time) clean.Self {
	if _, ok := lookupEnv("KUBERNETES_SERVICE_HOST"); !ok {
		return clean.Self{}
	}
	namespace, _ := lookupEnv("POD_NAMESPACE")
	name, ok := lookupEnv("POD_NAME")
	if !ok {
		name, _ = lookupEnv("HOSTNAME")
	}
	return clean.Self{Namespace: namespace, Name: name, Started: now}
}

// ArchiveDir is the folder of the archive: flag, or what the XDG base directory
// specification has for state.
func ArchiveDir(flag string, lookupEnv func(string) (string, bool)) (string, error) {
	if flag != "" {
		return flag, nil
	}
	if state, ok := lookupEnv("XDG_STATE_HOME"); ok && filepath.IsAbs(state) {
		return filepath.Join(state, "podwatch", "archive"), nil
	}
	home, ok := lookupEnv("HOME")
	if !ok {
		home, ok = lookupEnv("USERPROFILE")
	}
	if !ok || home == "" {
		return "", exit.Hint(errors.New("find the archive folder: neither XDG_STATE_HOME nor HOME is set"), "pass --archive DIR")
	}
	return filepath.Join(home, ".local", "state", "podwatch", "archive"), nil
}
