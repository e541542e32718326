// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

import (
	"strings"

	"github.com/podwatch/kubectl-podwatch/pkg/projection"
)

func startRules() []Rule {
	kinds := []string{}
	for _, p := range startPatterns() {
		kinds = append(kinds, p.subCause)
	}
	return []Rule{
		{
			Cause: "ContainerStart", Category: string(categoryStart), SubCauses: kinds,
			Severity: "Critical.",
			Trigger:  "Waiting reason RunContainerError, or an end with reason StartError or ContainerCannotRun.",
			Doc:      "The container was created and its process cannot be started: command, entrypoint, architecture or security settings.",
		},
		{
			Cause: "ContainerCreate", Category: string(categoryStart), SubCauses: []string{"ImageVolume"},
			Severity: "Critical.",
			Trigger:  "Waiting reason CreateContainerError.",
			Doc:      "The runtime cannot create the container. ImageVolume: an image that is mounted as a volume is the reason.",
		},
		{
			Cause: "PostStartHook", Category: string(categoryStart),
			Severity: "Critical.",
			Trigger:  "Waiting reason PostStartHookError.",
			Doc:      "The postStart hook fails, so the kubelet kills the container each time.",
		},
		{
			Cause: "NodeHookError", Category: string(categoryNode),
			Severity: "Critical.",
			Trigger:  "Waiting reasons PreCreateHookError and PreStartHookError.",
			Doc:      "A manager of the kubelet (CPU, memory, devices, topology) refuses the container: trouble on the node.",
		},
	}
}

// startPatterns are tried in order: a device, a mount or a working directory
// that is not there also ends in "no such file or directory".
func startPatterns() []pattern {
	return []pattern{
		{"WrongArch", []string{"exec format error"}},
		{"MemoryLimit", []string{"container init was oom-killed", "memory limit too low"}},
		{"Device", []string{"custom device", "device information", "cdi device"}},
		{"Mount", []string{"error mounting ", "to rootfs at "}},
		{"WorkingDir", []string{"chdir to cwd"}},
		{"EntrypointMissing", []string{
			"executable file not found", "no such file or directory", "cannot find the file specified", "cannot find the path specified",
		}},
		{"EntrypointPerm", []string{"permission denied"}},
		{"Security", []string{"seccomp", "apparmor", "capabilit", "selinux"}},
		{"Node", []string{"cgroup", "device"}},
	}
}

func startKind(message string) string { return classify(message, startPatterns()) }

func containerError(w *projection.Waiting) (finding, bool) {
	f := finding{category: categoryStart, message: orElse(w.Message, w.Reason)}
	switch w.Reason {
	case reasonRunError:
		f.cause, f.subCause = exitContainerStart, startKind(w.Message)
		f.message = startText(f.message)
	case "CreateContainerError":
		f.cause = "ContainerCreate"
		if strings.HasPrefix(w.Message, "ImageVolumeMountFailed") {
			f.subCause = "ImageVolume"
		}
	case "PostStartHookError":
		f.cause = "PostStartHook"
	case "PreCreateHookError", "PreStartHookError":
		f.category, f.cause = categoryNode, "NodeHookError"
	default:
		return finding{}, false
	}
	return f, true
}

// startText drops the wrapping that every layer of the runtime adds.
func startText(message string) string {
	for _, wrapping := range []string{"unable to start container process: ", "error during container init: "} {
		if _, rest, ok := strings.Cut(message, wrapping); ok {
			message = rest
		}
	}
	return message
}
