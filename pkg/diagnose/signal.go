// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package diagnose

// SignalName returns the name of the signal that an exit code above 128 stands
// for, e.g. SIGKILL for 137, and "" for every other code. The numbers are those
// of Linux on x86 and ARM.
func SignalName(code int32) string {
	names := [...]string{
		1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 5: "SIGTRAP", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE",
		9: "SIGKILL", 10: "SIGUSR1", 11: "SIGSEGV", 12: "SIGUSR2", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM",
		24: "SIGXCPU", 25: "SIGXFSZ", 31: "SIGSYS",
	}
	if code <= 128 || int(code-128) >= len(names) {
		return ""
	}
	return names[code-128]
}
