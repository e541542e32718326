// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package wildcard

import (
	"regexp"
	"strings"
	"testing"
)

func TestMatch(t *testing.T) {
	t.Parallel()
	const arn = "arn:aws:eks:eu-west-1:1:cluster/prod"
	for _, tt := range []struct {
		pattern, text string
		want          bool
	}{
		{"prod", "prod", true},
		{"prod", "prod-eu", false},
		{"prod", "Prod", false},
		{"*", "", true},
		{"*", arn, true},
		{"*prod*", arn, true},
		{"*/prod", arn, true},
		{"arn:*:cluster/*", arn, true},
		{"?", "", false},
		{"?", "é", true},
		{"a?c", "a/c", true},
		{"*test*", arn, false},
		{"*a*b", "xaxbxaxb", true},
		{"*a*b", "xaxbxa", false},
		{"**", "x", true},
		{"a*", "a\nb", true},
		{"default/api-prod-*", "default/api-prod-example-com:6443/admin", true},
		{"", "", true},
		{"", "x", false},
		{"a.c", "abc", false},
	} {
		if got := Match(tt.pattern, tt.text); got != tt.want {
			t.Errorf("Match(%q, %q) = %t, want %t", tt.pattern, tt.text, got, tt.want)
		}
	}
	if !MatchFold("*PROD", arn) || !MatchFold("*prod", strings.ToUpper(arn)) {
		t.Error("MatchFold regards case")
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]bool{
		"prod-*": true, "arn:aws:eks:*/prod?": true, "": false, "  ": false, " a": false, "[ab]": false, `a\*`: false, "{a}": false, "^a$": false, "a|b": false,
	} {
		if err := Check(pattern); (err == nil) != want {
			t.Errorf("Check(%q) = %v", pattern, err)
		}
	}
}

// FuzzMatch compares with a regular expression of the same meaning.
func FuzzMatch(f *testing.F) {
	f.Add("*a?b*", "xxaabb")
	f.Add("***?", "")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		expr := strings.NewReplacer(`\*`, `.*`, `\?`, `.`).Replace(regexp.QuoteMeta(strings.ToValidUTF8(pattern, "")))
		pattern, text = strings.ToValidUTF8(pattern, ""), strings.ToValidUTF8(text, "")
		if want := regexp.MustCompile(`(?s)\A` + expr + `\z`).MatchString(text); Match(pattern, text) != want {
			t.Errorf("Match(%q, %q) = %t", pattern, text, !want)
		}
	})
}
