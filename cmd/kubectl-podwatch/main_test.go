// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"

	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"kubectl-podwatch": main})
}

// TestScripts runs the whole command line as a user does. Scripts below
// testdata/script need no cluster; those below testdata/script/cluster run against a
// real API server, each with a namespace of its own in $NAMESPACE.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:   filepath.Join("testdata", "script"),
		Setup: func(env *testscript.Env) error { return setup(t, env) },
		Cmds:  commands(t, nil),
	})
}

func TestClusterScripts(t *testing.T) {
	t.Parallel()
	server := controlplane.Shared(t)
	kubectl, err := controlplane.Binary("kubectl")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: filepath.Join("testdata", "script", "cluster"),
		Setup: func(env *testscript.Env) error {
			env.Setenv("KUBECONFIG", server.Kubeconfig())
			env.Setenv("ADMIN", server.Kubeconfig())
			env.Setenv("PATH", env.Getenv("PATH")+string(filepath.ListSeparator)+filepath.Dir(kubectl))
			if tb, ok := env.T().(testing.TB); ok {
				env.Setenv("NAMESPACE", server.Namespace(tb))
			}
			return setup(t, env)
		},
		Cmds: commands(t, server),
	})
}

// setup gives a script a home of its own and the captures of this repository.
func setup(t *testing.T, env *testscript.Env) error {
	t.Helper()
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		return err
	}
	env.Setenv("HOME", filepath.Join(env.WorkDir, "home"))
	env.Setenv("TESTDATA", filepath.Join(root, "testdata"))
	return nil
}

// rulesOf reads the permissions of a user.
func rulesOf(args []string) []rbacv1.PolicyRule {
	verbs, others := args, []string(nil)
	if i := slices.Index(args, "also"); i >= 0 {
		verbs, others = args[:i], args[i+1:]
	}
	rules := []rbacv1.PolicyRule{{APIGroups: []string{corev1.GroupName}, Resources: []string{"pods"}, Verbs: verbs}}
	for _, other := range others {
		verb, object, _ := strings.Cut(other, ":")
		group, resource, _ := strings.Cut(object, "/")
		rules = append(rules, rbacv1.PolicyRule{APIGroups: []string{group}, Resources: []string{resource}, Verbs: []string{verb}})
	}
	return rules
}

// commands are what scripts can do beside testscript's own commands.
func commands(t *testing.T, server *controlplane.Server) map[string]func(*testscript.TestScript, bool, []string) {
	t.Helper()
	all := map[string]func(*testscript.TestScript, bool, []string){}
	if server == nil {
		return all
	}
	// pods FILE makes the pods of FILE in $NAMESPACE, in the states they have
	// there.
	all["pods"] = func(ts *testscript.TestScript, _ bool, args []string) {
		f, err := os.Open(ts.MkAbs(args[0]))
		ts.Check(err)
		defer func() { ts.Check(f.Close()) }()
		pods, err := controlplane.ReadPods(f)
		ts.Check(err)
		for _, pod := range pods {
			if pod.Namespace == "" {
				pod.Namespace = ts.Getenv("NAMESPACE")
			}
			_, err := server.CreatePod(t.Context(), pod)
			ts.Check(err)
		}
	}
	// user NAME VERB... [also VERB:GROUP/RESOURCE...] makes a user who may do
	// nothing but VERB pods and the rest in $NAMESPACE, and becomes that user.
	all["user"] = func(ts *testscript.TestScript, _ bool, args []string) {
		var grants []controlplane.Grant
		if len(args) > 1 {
			grants = append(grants, controlplane.Grant{Namespace: ts.Getenv("NAMESPACE"), Rules: rulesOf(args[1:])})
		}
		kubeconfig, err := server.User(t.Context(), args[0]+"-"+ts.Getenv("NAMESPACE"), grants...)
		ts.Check(err)
		ts.Setenv("KUBECONFIG", kubeconfig)
	}
	// stranger becomes somebody whose token has expired.
	all["stranger"] = func(ts *testscript.TestScript, _ bool, _ []string) {
		kubeconfig, err := server.UnknownUser()
		ts.Check(err)
		ts.Setenv("KUBECONFIG", kubeconfig)
	}
	return all
}
