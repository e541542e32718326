// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package plaintext

import (
	"regexp"
	"strings"
)

const redacted = "[REDACTED]"

// The patterns of Redact. Each is run only if a cheap search for its keyword
// hits, so text without secrets costs next to nothing.
var (
	// user:password@ in a URL or a data source name.
	reUserinfo = regexp.MustCompile(`[\w.%+~-]*:[^\s:@/"']+@(sha\d+:)?`)
	// An Authorization header with its scheme, or a bearer token wherever it
	// stands. Without a scheme the value needs a digit: registries say
	// "authorization: authorization failed", and that is no header.
	reHeader = regexp.MustCompile(`(?i)(\bauthorization["']?\s*[:=]\s*["']?(?:basic|bearer|digest|negotiate|token)\s+|\bbearer\s+)[\w.~+/=-]{8,}`)
	reBare   = regexp.MustCompile(`(?i)(\bauthorization["']?\s*[:=]\s*["']?)[a-z.~+/=_-]*[0-9][\w.~+/=-]{7,}`)
	// key=value and "key": "value" with a key that names a secret.
	reAssignment = regexp.MustCompile(
		`(?i)((?:password|passwd|pwd|secret|token|api[_-]?key|access[_-]?key|private[_-]?key)(?:["']?\s*=\s*["']?|["']\s*:\s*["']))[^\s"',;&]+`)
	// Access key ids of AWS, tokens of GitHub, GitLab and Slack, JSON web tokens.
	reToken = regexp.MustCompile(
		`\b(?:(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_\w{20,}|glpat-[\w-]{20,}|xox[abprs]-[\w-]{10,}|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?)`)
	rePrivateKey = regexp.MustCompile(`(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|$)`)
)

// Redact replaces what looks like a credential by [REDACTED]: user:password@
// in URLs and data source names, Authorization headers and bearer tokens,
// assignments such as password=…, keys of AWS, tokens of GitHub, GitLab and
// Slack, JSON web tokens and private keys.
//
// It is best effort: a secret that looks like ordinary text passes. It returns
// s itself if nothing is found.
func Redact(s string) string {
	if strings.Contains(s, "@") {
		s = reUserinfo.ReplaceAllStringFunc(s, redactUserinfo)
	}
	if strings.Contains(s, "PRIVATE KEY") {
		s = rePrivateKey.ReplaceAllLiteralString(s, redacted)
	}
	lower := strings.ToLower(s)
	if containsAny(lower, "authorization", "bearer") {
		s = reHeader.ReplaceAllString(s, "${1}"+redacted)
		s = reBare.ReplaceAllString(s, "${1}"+redacted)
	}
	if strings.ContainsAny(lower, "=:") && containsAny(lower, "passw", "pwd", "secret", "token", "key") {
		s = reAssignment.ReplaceAllString(s, "${1}"+redacted)
	}
	if containsAny(s, "AKIA", "ASIA", "gh", "glpat-", "xox", "eyJ") {
		s = reToken.ReplaceAllLiteralString(s, redacted)
	}
	return s
}

// redactUserinfo leaves image references alone: name:tag@sha256: has the same
// shape as user:password@.
func redactUserinfo(match string) string {
	if !strings.HasSuffix(match, "@") {
		return match
	}
	// In scheme://user:password@ the match begins at the user; an empty user
	// is allowed (redis://:password@host).
	return redacted + "@"
}

func containsAny(s string, words ...string) bool {
	for _, word := range words {
		if strings.Contains(s, word) {
			return true
		}
	}
	return false
}
