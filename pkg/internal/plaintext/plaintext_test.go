// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package plaintext_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
)

func TestClean(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ in, want string }{
		"plain text":                      {"exit 1", "exit 1"},
		"empty":                           {"", ""},
		"newline and tab stay":            {"a\n\tb", "a\n\tb"},
		"colour sequence loses its ESC":   {"\x1b[31mred\x1b[0m", "[31mred[0m"},
		"window title sequence":           {"a\x1b]0;owned\x07b", "a]0;ownedb"},
		"carriage return":                 {"good\rbad", "goodbad"},
		"NUL, backspace and DEL":          {"a\x00b\bc\x7fd", "abcd"},
		"C1 as a character (8-bit CSI)":   {"a\u009b31mb", "a31mb"},
		"C1 as a byte is invalid UTF-8":   {"a\x9b31m", "a\ufffd31m"},
		"broken UTF-8":                    {"a\xffb\xc3", "a\ufffdb\ufffd"},
		"U+FFFD that was there stays":     {"a\ufffdb", "a\ufffdb"},
		"no-break space is not a control": {"a\u00a0b", "a\u00a0b"},
		"other scripts and emoji":         {"Straße 日本 🚀", "Straße 日本 🚀"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := plaintext.Clean(tt.in); got != tt.want {
				t.Errorf("Clean(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestCleanDoesNotAllocateIfThereIsNothingToDo(t *testing.T) {
	s := strings.Repeat("Straße 日本 exit 1\n\t", 50)
	if n := testing.AllocsPerRun(100, func() { plaintext.Clean(s) }); n != 0 {
		t.Errorf("Clean allocates %v times on clean text, want 0", n)
	}
}

func TestLine(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ in, want string }{
		"one line":                {"exit 1", "exit 1"},
		"two lines":               {"429 Too Many Requests\ntoomanyrequests: slow down", "429 Too Many Requests | toomanyrequests: slow down"},
		"blank lines and margins": {"\n  a  \n\n\tb\n", "a | b"},
		"tab within a line":       {"a\tb", "a b"},
		"Windows line ends":       {"a\r\nb", "a | b"},
		"only space":              {" \n\t ", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := plaintext.Line(tt.in); got != tt.want {
				t.Errorf("Line(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		in    string
		limit int
		want  string
	}{
		{"abcdef", 6, "abcdef"},
		{"abcdefg", 6, "abc…"},
		{"日本語日本語", 10, "日本…"},
		{"日本語日本語", 11, "日本…"},
		{"abcdef", 0, "…"},
		{"", 0, ""},
	} {
		if got := plaintext.Cut(tt.in, tt.limit); got != tt.want {
			t.Errorf("Cut(%q, %d) = %q, want %q", tt.in, tt.limit, got, tt.want)
		}
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	const gone = "[REDACTED]"
	for name, tt := range map[string]struct{ in, want string }{
		"URL with credentials":   {"dial postgres://app:s3cret@db:5432/x failed", "dial postgres://" + gone + "@db:5432/x failed"},
		"URL with an empty user": {"redis://:hunter2@cache", "redis://" + gone + "@cache"},
		"data source name":       {"root:hunter2@tcp(db:3306)/app", gone + "@tcp(db:3306)/app"},
		"bearer token":           {"Authorization: Bearer abcdefgh12345678", "Authorization: Bearer " + gone},
		"a registry's words, no header": {
			"server message: insufficient_scope: authorization failed: authorization: authorization failed",
			"server message: insufficient_scope: authorization failed: authorization: authorization failed",
		},
		"authorization without scheme": {"Authorization: abc123def456", "Authorization: " + gone},
		"basic authorization":          {"authorization: Basic dXNlcjpwYXNz", "authorization: Basic " + gone},
		"AWS key id":                   {"key AKIAIOSFODNN7EXAMPLE refused", "key " + gone + " refused"},
		"AWS secret":                   {"aws_secret_access_key=wJalrXUtnFEMI/K7MDENG x", "aws_secret_access_key=" + gone + " x"},
		"assignment":                   {"PASSWORD=hunter2 user=bob", "PASSWORD=" + gone + " user=bob"},
		"JSON field":                   {`{"token": "abc", "a": "b"}`, `{"token": "` + gone + `", "a": "b"}`},
		"GitHub token":                 {"using ghp_abcdefghijklmnopqrst0123", "using " + gone},
		"JSON web token":               {"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.sig", gone},
		"private key":                  {"-----BEGIN RSA PRIVATE KEY-----\nMII\n-----END RSA PRIVATE KEY-----", gone},
		"image with digest":            {"pull nginx:1.25@sha256:abc", "pull nginx:1.25@sha256:abc"},
		"registry port with digest":    {"registry:5000/app@sha256:abc", "registry:5000/app@sha256:abc"},
		"missing key is no secret":     {"couldn't find key network in Secret kube-system/cloud-api", "couldn't find key network in Secret kube-system/cloud-api"},
		"missing Secret":               {`secret "db" not found`, `secret "db" not found`},
		"pull error about a token":     {"failed to fetch anonymous token: unexpected status: 401", "failed to fetch anonymous token: unexpected status: 401"},
		"no basic auth":                {"no basic auth credentials", "no basic auth credentials"},
		"back-off of the kubelet":      {"back-off 5m0s restarting failed container=app pod=a_b(c)", "back-off 5m0s restarting failed container=app pod=a_b(c)"},
		"mail address":                 {"ask ops@example.com", "ask ops@example.com"},
		"text with nothing in it":      {"exit 1", "exit 1"},
		"empty":                        {"", ""},
		"secret as a part of a name":   {"mount secret-volume failed", "mount secret-volume failed"},
		"two credentials in one text":  {"http://a:b@c http://d:e@f", "http://" + gone + "@c http://" + gone + "@f"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := plaintext.Redact(tt.in); got != tt.want {
				t.Errorf("Redact(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func FuzzClean(f *testing.F) {
	for _, s := range []string{"", "a", "\x1b[2J", "a\xff\u009bb\n\tc\r", "日本\x80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		clean := plaintext.Clean(s)
		if !utf8.ValidString(clean) {
			t.Errorf("Clean(%q) = %q is not UTF-8", s, clean)
		}
		if i := strings.IndexFunc(clean, forbidden); i >= 0 {
			t.Errorf("Clean(%q) = %q has a control character at %d", s, clean, i)
		}
		if again := plaintext.Clean(clean); again != clean {
			t.Errorf("Clean(%q) = %q, a second time %q", s, clean, again)
		}
		line := plaintext.Line(s)
		if strings.ContainsAny(line, "\n\t") || strings.TrimSpace(line) != line {
			t.Errorf("Line(%q) = %q is not one trimmed line", s, line)
		}
		if again := plaintext.Line(line); again != line {
			t.Errorf("Line(%q) = %q, a second time %q", s, line, again)
		}
		for limit := range 8 {
			if cut := plaintext.Cut(clean, limit); !utf8.ValidString(cut) || len(cut) > max(limit, 3) {
				t.Errorf("Cut(%q, %d) = %q", clean, limit, cut)
			}
		}
		if !utf8.ValidString(plaintext.Redact(clean)) {
			t.Errorf("Redact(%q) is not UTF-8", clean)
		}
	})
}

func forbidden(r rune) bool {
	return r < 0x20 && r != '\n' && r != '\t' || r >= 0x7f && r <= 0x9f
}
