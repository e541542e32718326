// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package logs

import (
	"regexp"
	"slices"
	"strings"

	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
)

// MaxLine bounds a line in a report, in bytes.
const MaxLine = 1024

// What terminals take for commands: CSI and OSC sequences, and ESC with one
// letter. The control characters alone would leave their parameters behind.
var reEscape = regexp.MustCompile(`\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~])`)

// The tail of a log can begin in the middle of a private key.
var reKeyEnd = regexp.MustCompile(`-----END [A-Z ]*PRIVATE KEY-----`)

const keyBegin = "-----BEGIN "

// Clean returns the last n of lines as they may be shown; see the package
// documentation. Empty lines are left out.
func Clean(lines []string, n int) []string { return last(cleanLines(lines), n) }

// cleanLines makes lines printable. Credentials are looked for in the whole
// text before anything is cut: they may span lines, and half of one would not be
// recognised.
func cleanLines(lines []string) []string {
	text := reEscape.ReplaceAllLiteralString(strings.Join(lines, "\n"), "")
	text = plaintext.Clean(strings.ReplaceAll(text, "\r\n", "\n"))
	text = plaintext.Redact(withoutBrokenKey(text))
	out := strings.Split(strings.TrimRight(text, "\n \t"), "\n")
	for i := range out {
		out[i] = plaintext.Cut(strings.TrimRight(out[i], " \t"), MaxLine)
	}
	return slices.DeleteFunc(out, func(line string) bool { return line == "" })
}

// withoutBrokenKey replaces the end of a key whose beginning is not there.
func withoutBrokenKey(text string) string {
	end := reKeyEnd.FindStringIndex(text)
	if end == nil {
		return text
	}
	if begin := strings.Index(text, keyBegin); begin >= 0 && begin < end[0] {
		return text
	}
	return "[REDACTED]" + text[end[1]:]
}

// last returns the last n lines; never nil.
func last(lines []string, n int) []string {
	return append([]string{}, lines[max(0, len(lines)-n):]...)
}
