// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package watch

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"k8s.io/cli-runtime/pkg/genericiooptions"
	authorizationv1client "k8s.io/client-go/kubernetes/typed/authorization/v1"
	batchv1client "k8s.io/client-go/kubernetes/typed/batch/v1"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/clean"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/removal"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/scope"
	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/terminal"
)

// Clean says which pods a watch removes, resolved.
type Clean struct {
	Rules clean.Rules
	// Limits hold for every hour.
	Limits clean.Limits
	DryRun v1alpha1.DryRun
	// Archive is the folder of the archive.
	Archive string
	// Yes stands for the answer to the question, ConfirmContext for the name
	// that has to be typed if the context is Protected or pods that live are
	// among those to remove. Interactive is true if somebody can be asked.
	Yes, Protected, Interactive bool
	ConfirmContext              string
	// Jobs and Reviews read Jobs and ask what the user may do.
	Jobs    batchv1client.JobsGetter
	Reviews authorizationv1client.SelfSubjectAccessReviewsGetter
}

// cleanFlags are the flags of --clean.
type cleanFlags struct {
	set *pflag.FlagSet

	categories                                 []string
	olderThan, dryRun, archive, confirmContext string
	limits                                     clean.Limits
	yes                                        bool
}

func (f *cleanFlags) addTo(set *pflag.FlagSet) {
	f.set = set
	set.StringSliceVar(&f.categories, "clean", nil, "remove pods that have failed, as clean does, and go on watching; --clean=CATEGORY,... for others: evicted, shutdown, rejected, failed, succeeded, crashloop, imagepull")
	set.Lookup("clean").NoOptDefVal = joined(clean.DefaultCategories(), ",")
	set.StringVar(&f.olderThan, "older-than", "5m", "with --clean: leave pods alone that ended less than this ago, as in clean --older-than")
	set.StringVar(&f.dryRun, "dry-run", string(v1alpha1.DryRunNone), "with --clean: none, client (tell only) or server (the server checks each deletion and does none)")
	set.IntVar(&f.limits.Ended, "max", removal.MaxEnded, "with --clean: pods that are deleted in any hour at most")
	set.IntVar(&f.limits.Living, "max-disrupt", removal.MaxLiving, "with --clean: living pods that are evicted in any hour at most")
	set.StringVar(&f.archive, "archive", "", "with --clean: folder for the manifests of deleted pods, as in clean --archive")
	set.BoolVarP(&f.yes, "yes", "y", false, "with --clean: delete without asking at the start")
	set.StringVar(&f.confirmContext, "confirm-context", "", "with --clean and --yes: the context, for living pods and protected contexts, as in clean --confirm-context")
}

// joined is words with a separator between them.
func joined[T ~string](words []T, separator string) string {
	var out []string
	for _, w := range words {
		out = append(out, string(w))
	}
	return strings.Join(out, separator)
}

// resolve returns nil without --clean.
func (f *cleanFlags) resolve(s scope.Scope, streams genericiooptions.IOStreams, lookupEnv func(string) (string, bool)) (*Clean, error) {
	if !f.set.Changed("clean") {
		return nil, f.checkUnused()
	}
	c := &Clean{
		Limits: f.limits, DryRun: v1alpha1.DryRun(f.dryRun), Yes: f.yes, ConfirmContext: f.confirmContext,
		Interactive: terminal.Is(streams.In) && terminal.Is(streams.ErrOut),
	}
	if err := f.check(s, c.DryRun); err != nil {
		return nil, err
	}
	var err error
	if c.Rules, err = f.rules(s, lookupEnv); err != nil {
		return nil, err
	}
	if c.DryRun == v1alpha1.DryRunNone {
		c.Archive, err = removal.ArchiveDir(f.archive, lookupEnv)
	}
	return c, err
}

// rules are those of clean without flags, but for what --clean has its own for.
func (f *cleanFlags) rules(s scope.Scope, lookupEnv func(string) (string, bool)) (clean.Rules, error) {
	r := clean.Rules{MinRestarts: removal.MinRestarts, UnreadyFor: removal.UnreadyFor}
	for _, name := range f.categories {
		c, err := clean.ParseCategory(name)
		if err != nil {
			return r, fmt.Errorf("flag --clean: %w", err)
		}
		r.Categories = append(r.Categories, c)
	}
	var err error
	if r.OlderThan, err = clean.ParseAge(f.olderThan); err != nil {
		return r, fmt.Errorf("flag --older-than: %w", err)
	}
	if f.set.Changed("older-than") {
		r.UnreadyFor = r.OlderThan
	}
	if s.All {
		r.ExcludeNamespaces = removal.SystemNamespaces()
	}
	// Most pods that a watch removes are younger than itself.
	r.Self = removal.Self(lookupEnv, r.Self.Started)
	return r, nil
}

// checkUnused refuses what has no meaning without --clean.
func (f *cleanFlags) checkUnused() error {
	for _, name := range []string{"older-than", "dry-run", "max", "max-disrupt", "archive", "yes", "confirm-context"} {
		if f.set.Changed(name) {
			return fmt.Errorf("flag --%s: nothing is removed without --clean", name)
		}
	}
	return nil
}

func (f *cleanFlags) check(s scope.Scope, dryRun v1alpha1.DryRun) error {
	empty := func(v string) bool { return strings.TrimSpace(v) == "" }
	switch {
	case len(f.categories) == 0 || slices.ContainsFunc(f.categories, empty):
		return errors.New("flag --clean: the value is empty")
	case len(s.Contexts) > 1:
		return errors.New("flag --clean: works on one cluster at a time; leave all but one --context out")
	case !slices.Contains([]v1alpha1.DryRun{v1alpha1.DryRunNone, v1alpha1.DryRunClient, v1alpha1.DryRunServer}, dryRun):
		return fmt.Errorf("flag --dry-run %q: want none, client or server", dryRun)
	case f.limits.Ended < 0 || f.limits.Living < 0:
		return errors.New("flags --max, --max-disrupt: want no negative number")
	}
	for _, others := range []string{"until", "for", "record", "replay"} {
		if f.set.Changed(others) {
			return fmt.Errorf("flags --clean and --%s exclude each other", others)
		}
	}
	for _, t := range s.Targets {
		if _, err := clean.ParseCategory(strings.Split(t.Name, ",")[0]); err == nil && t.Kind == "Pod" {
			return exit.Hint(fmt.Errorf("argument %q: the name of a category, not of a pod", t.Name), "pass --clean="+t.Name)
		}
	}
	return nil
}

// connect makes the clients for the one cluster.
func (c *Clean) connect(cluster scope.Cluster, lookupEnv func(string) (string, bool)) error {
	name := removal.Name(cluster)
	var err error
	if c.Protected, err = removal.Protected(cluster, lookupEnv); err != nil {
		return err
	}
	if c.ConfirmContext != "" && c.ConfirmContext != name {
		return fmt.Errorf("flag --confirm-context %q: it is %s; nothing was deleted", c.ConfirmContext, removal.Where(cluster))
	}
	batch, err := batchv1client.NewForConfig(cluster.REST)
	if err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	authorization, err := authorizationv1client.NewForConfig(cluster.REST)
	if err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	c.Jobs, c.Reviews = batch, authorization
	return nil
}
