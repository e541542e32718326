// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package printers

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/internal/plaintext"
)

// CleanQuestion asks whether to carry out the plan in r in the cluster that where
// names. It ends in a space, behind which the answer is typed.
func CleanQuestion(r *v1alpha1.CleanReport, where string) string {
	return capital(planText(r, where)) + "? [y/N] "
}

// CleanContextQuestion asks for the name of the context instead of a mere yes.
func CleanContextQuestion(r *v1alpha1.CleanReport, where, name string) string {
	return capital(planText(r, where)) + fmt.Sprintf("? Type the name, %s: ", plaintext.Line(name))
}

// CleanAnnouncement says what is about to be done, if nobody is asked. It ends
// in a newline.
func CleanAnnouncement(r *v1alpha1.CleanReport, where string) string {
	return "To do: " + planText(r, where) + ".\n"
}

// CleanWarning says in a line how many of the planned pods have volumes that
// matter to their owner. It ends in a newline, and is empty if there are none.
func CleanWarning(r *v1alpha1.CleanReport) string {
	local, claims := 0, 0
	for _, item := range itemsOf(r, v1alpha1.DecisionPlanned) {
		if slices.Contains(item.Warnings, v1alpha1.WarningLocalData) {
			local++
		}
		if slices.Contains(item.Warnings, v1alpha1.WarningVolumeClaim) {
			claims++
		}
	}
	text := joinNonEmpty("; ",
		tally([]counted{{local, "with data in emptyDir or ephemeral volumes, which goes with them"}}),
		tally([]counted{{claims, "with a PersistentVolumeClaim, for which a pod on another node may have to wait"}}))
	if text == "" {
		return ""
	}
	return "warning: living pods to evict: " + text + "\n"
}

func planText(r *v1alpha1.CleanReport, where string) string {
	items := itemsOf(r, v1alpha1.DecisionPlanned)
	in := " in " + where + prefixed(", ", namespacesText(namespacesOf(items)))
	return joinNonEmpty(" and ",
		actionText("delete", "pod", v1alpha1.ActionDelete, items),
		actionText("evict", "living pod", v1alpha1.ActionEvict, items),
		actionText("create", "pod", v1alpha1.ActionCreate, items)) + in
}

func capital(sentence string) string { return strings.ToUpper(sentence[:1]) + sentence[1:] }

// actionText says of how many of the items an action is planned, "" for none.
func actionText(verb, what string, a v1alpha1.Action, items []*v1alpha1.CleanItem) string {
	items = slices.DeleteFunc(slices.Clone(items), func(i *v1alpha1.CleanItem) bool { return i.Action != a })
	if len(items) == 0 {
		return ""
	}
	text := verb + " " + count(len(items), what)
	if a != v1alpha1.ActionCreate {
		text += " (" + categoriesText(items) + ")"
	}
	return text
}

func namespacesOf(items []*v1alpha1.CleanItem) []string {
	names := map[string]bool{}
	for _, i := range items {
		names[i.Namespace] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// categoriesText counts items by category, in the order of the items.
func categoriesText(items []*v1alpha1.CleanItem) string {
	var counts []counted
	for _, item := range items {
		what := plaintext.Line(string(item.Category))
		i := slices.IndexFunc(counts, func(c counted) bool { return c.what == what })
		if i < 0 {
			i = len(counts)
			counts = append(counts, counted{what: what})
		}
		counts[i].n++
	}
	return tally(counts)
}

// CleanResult says in one line what became of a planned pod, in kubectl's words
// where kubectl has any. It ends in a newline.
func CleanResult(item *v1alpha1.CleanItem, p Palette) string {
	pod := fmt.Sprintf("pod %q ", plaintext.Line(item.Name))
	from := fmt.Sprintf(" from %s namespace", plaintext.Line(item.Namespace))
	if item.Action == v1alpha1.ActionCreate {
		from = fmt.Sprintf(" in %s namespace", plaintext.Line(item.Namespace))
	}
	done, why := resultWords(item)
	if done == "" {
		done = "not deleted"
		if item.Action == v1alpha1.ActionCreate {
			done = "not created"
		}
		why = joinNonEmpty(": ", why, plaintext.Line(item.SkipReason), plaintext.Line(item.Error))
		return pod + paint(p.result(item.Result), done) + from + prefixed(": ", why) + "\n"
	}
	return pod + paint(p.result(item.Result), done) + from + why + "\n"
}

// cleanText says of one pod what is to be done and why, or what came of it.
func cleanText(item *v1alpha1.CleanItem) string {
	switch {
	case item.Decision == v1alpha1.DecisionPlanned && item.Result == "":
		age := ""
		if item.AgeSeconds != nil {
			age = secondsText(item.AgeSeconds) + " ago"
		}
		return joinNonEmpty(": ", string(item.Category), joinNonEmpty(" ", item.Reason, age)) + dryRunWords(item.DryRun)
	case item.Result == "":
		return joinNonEmpty(": ", string(item.Category), item.SkipReason)
	}
	done, why := resultWords(item)
	if done != "" {
		return joinNonEmpty(" ", string(item.Category), strings.TrimSpace(why))
	}
	return joinNonEmpty(": ", string(item.Category), why, item.SkipReason, item.Error)
}

// resultWords returns what was done and a remark on it; or nothing, and why.
func resultWords(item *v1alpha1.CleanItem) (done, why string) {
	switch item.Result {
	case v1alpha1.ResultDeleted:
		return "deleted", ""
	case v1alpha1.ResultTerminating:
		return "deleted", " (terminating)"
	case v1alpha1.ResultWouldDelete:
		return "deleted", dryRunWords(item.DryRun)
	case v1alpha1.ResultCreated:
		return "created", ""
	case v1alpha1.ResultWouldCreate:
		return "created", dryRunWords(item.DryRun)
	case v1alpha1.ResultExists:
		return "", "a pod has its name"
	case v1alpha1.ResultGone:
		return "", "already gone"
	case v1alpha1.ResultReplaced:
		return "", "another pod has taken its name"
	case v1alpha1.ResultRecovered:
		return "", "no longer to be cleaned"
	case v1alpha1.ResultBlocked:
		return "", "blocked by a disruption budget"
	case v1alpha1.ResultConflict:
		return "", "changed meanwhile"
	case v1alpha1.ResultForbidden:
		return "", "forbidden"
	case v1alpha1.ResultArchiveFailed:
		return "", "not archived"
	case v1alpha1.ResultError:
		return "", ""
	}
	return "", "not tried"
}

func dryRunWords(d v1alpha1.DryRun) string {
	switch d {
	case v1alpha1.DryRunClient:
		return " (dry run)"
	case v1alpha1.DryRunServer:
		return " (server dry run)"
	case v1alpha1.DryRunNone:
	}
	return ""
}

// CleanLimitations says in one line each what could not be read, and what comes
// of that; "" for none. None of it is left out: it says why pods are kept.
func CleanLimitations(limitations []v1alpha1.Limitation) string {
	return limitationsText(limitations, func(v1alpha1.Limitation, v1alpha1.Limitation) bool { return false })
}

// CleanSummary says in a line what is planned, or what became of it, and in
// another what was skipped and why. It ends in a newline.
func CleanSummary(r *v1alpha1.CleanReport) string {
	items, s := itemsOf(r, v1alpha1.DecisionPlanned), r.Summary
	var b strings.Builder
	results := resultsText(s)
	switch {
	case len(items) == 0:
		fmt.Fprintf(&b, "No pods to delete%s.\n", scopeText(r.Scope))
	case results == "":
		fmt.Fprintf(&b, "%s to delete%s: %s.\n", count(len(items), "pod"), scopeText(r.Scope), categoriesText(items))
	default:
		fmt.Fprintf(&b, "%s planned%s: %s%s.\n", count(len(items), "pod"), scopeText(r.Scope), results,
			dryRunWords(items[0].DryRun))
	}
	fmt.Fprintf(&b, "%s scanned%s.\n", count(s.Scanned, "pod"), prefixed(", ", skippedText(s.SkippedByReason)))
	if n := neglected(r); n > 0 {
		fmt.Fprintf(&b, "%s of StatefulSets and DaemonSets ended more than %s ago: their controllers, which remove such pods, do not act.\n",
			count(n, "pod"), actsWithin)
	}
	return b.String()
}

// actsWithin is the time in which a controller that removes its failed pods by
// itself has done so, back-off included.
const actsWithin = 10 * time.Minute

// neglected counts the pods that are left to such a controller in vain.
func neglected(r *v1alpha1.CleanReport) int {
	n := 0
	for _, item := range itemsOf(r, v1alpha1.DecisionSkipped) {
		if item.SkipReason == "controller-handles" && item.AgeSeconds != nil && *item.AgeSeconds > int64(actsWithin/time.Second) {
			n++
		}
	}
	return n
}

// RestoreSummary says in a line what is to be restored, or was, and what not. It
// ends in a newline.
func RestoreSummary(r *v1alpha1.CleanReport) string {
	s := r.Summary
	results := tally([]counted{
		{s.Created, "created"},
		{s.WouldCreate, "would be created"},
		{s.Exists, "already there"},
		{s.Forbidden, "forbidden"},
		{s.Errors, "with errors"},
	})
	return fmt.Sprintf("%s archived, %d to restore%s%s.\n", count(s.Scanned, "pod"), s.Planned,
		prefixed(": ", results), prefixed("; ", skippedText(s.SkippedByReason)))
}

func resultsText(s v1alpha1.CleanSummary) string {
	text := tally([]counted{
		{s.Deleted, "deleted"},
		{s.WouldDelete, "would be deleted"},
		{s.Terminating, "terminating"},
		{s.Gone, "gone"},
		{s.Replaced, "replaced"},
		{s.Recovered, "recovered"},
		{s.Blocked, "blocked"},
		{s.Conflict, "in conflict"},
		{s.Forbidden, "forbidden"},
		{s.ArchiveFailed, "not archived"},
		{s.Errors, "with errors"},
	})
	if n := s.Planned - s.Deleted - s.WouldDelete - s.Terminating - s.Gone - s.Replaced - s.Recovered - s.Blocked -
		s.Conflict - s.Forbidden - s.ArchiveFailed - s.Errors; n > 0 && text != "" {
		text += fmt.Sprintf(", %d not tried", n)
	}
	return text
}

// skippedText counts the skipped pods by reason, the most frequent first.
func skippedText(byReason map[string]int) string {
	var counts []counted
	total := 0
	for reason, n := range byReason {
		total += n
		counts = append(counts, counted{n, plaintext.Line(reason)})
	}
	if total == 0 {
		return ""
	}
	slices.SortFunc(counts, func(a, b counted) int {
		if a.n != b.n {
			return b.n - a.n
		}
		return strings.Compare(a.what, b.what)
	})
	return fmt.Sprintf("%d skipped: %s", total, tally(counts))
}
