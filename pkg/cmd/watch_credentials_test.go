// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package cmd_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/podwatch/kubectl-podwatch/pkg/apis/podwatch/v1alpha1"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream/frametest"
	"github.com/podwatch/kubectl-podwatch/test/controlplane"
)

// robot is a service account whose token a credential plugin reads from a file. Its
// way to the server can be interrupted: credentials are asked for when a watch is
// opened.
type robot struct {
	t                *testing.T
	server           *controlplane.Server
	proxy            *frametest.Proxy
	namespace, token string
	kubeconfig       string
	// granted is the token that was written last.
	granted string
}

// newRobot makes the plugin and its kubeconfig; the account comes with renew.
func newRobot(t *testing.T, server *controlplane.Server, namespace string) *robot {
	t.Helper()
	r := &robot{
		t: t, server: server, namespace: namespace, token: filepath.Join(t.TempDir(), "token"),
		proxy: frametest.NewProxy(t, strings.TrimPrefix(server.Config().Host, "https://")),
	}
	config, err := clientcmd.LoadFromFile(server.Kubeconfig())
	if err != nil {
		t.Fatal(err)
	}
	current := config.Contexts[config.CurrentContext]
	config.Clusters[current.Cluster].Server = "https://" + r.proxy.Address()
	config.AuthInfos[current.AuthInfo] = &clientcmdapi.AuthInfo{Exec: &clientcmdapi.ExecConfig{
		APIVersion: "client.authentication.k8s.io/v1", Command: "cat", Args: []string{r.token},
		InteractiveMode: clientcmdapi.NeverExecInteractiveMode,
	}}
	r.kubeconfig = filepath.Join(t.TempDir(), "config")
	if err := clientcmd.WriteToFile(*config, r.kubeconfig); err != nil {
		t.Fatal(err)
	}
	rules := []rbacv1.PolicyRule{{APIGroups: []string{corev1.GroupName}, Resources: []string{"pods"}, Verbs: []string{"list", "watch"}}}
	_, err = server.Client().RbacV1().Roles(namespace).Create(t.Context(),
		&rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "robot"}, Rules: rules}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_, err = server.Client().RbacV1().RoleBindings(namespace).Create(t.Context(), &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "robot"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "robot"},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Namespace: namespace, Name: "robot"}},
	}, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// revoke makes all tokens so far worthless: they name the UID of the account.
func (r *robot) revoke() {
	r.t.Helper()
	if err := r.server.Client().CoreV1().ServiceAccounts(r.namespace).Delete(r.t.Context(), "robot", metav1.DeleteOptions{}); err != nil {
		r.t.Fatal(err)
	}
}

// refused waits until the server knows that a token is worthless: it remembers for
// ten seconds that it was good.
func (r *robot) refused(token string) {
	r.t.Helper()
	config := rest.AnonymousClientConfig(r.server.Config())
	config.BearerToken = token
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		r.t.Fatal(err)
	}
	err = wait.PollUntilContextTimeout(r.t.Context(), 200*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		_, err := client.CoreV1().Pods(r.namespace).List(ctx, metav1.ListOptions{})
		return apierrors.IsUnauthorized(err), nil
	})
	if err != nil {
		r.t.Fatal(err)
	}
}

// renew makes the account and writes a token that works.
func (r *robot) renew() {
	r.t.Helper()
	accounts := r.server.Client().CoreV1().ServiceAccounts(r.namespace)
	account := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: "robot"}}
	if _, err := accounts.Create(r.t.Context(), account, metav1.CreateOptions{}); err != nil {
		r.t.Fatal(err)
	}
	granted, err := accounts.CreateToken(r.t.Context(), "robot", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		r.t.Fatal(err)
	}
	r.granted = granted.Status.Token
	credential := fmt.Sprintf(`{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":%q}}`, r.granted)
	// Whoever reads meanwhile finds the old one or the new one.
	if err := os.WriteFile(r.token+".new", []byte(credential), 0o600); err != nil {
		r.t.Fatal(err)
	}
	if err := os.Rename(r.token+".new", r.token); err != nil {
		r.t.Fatal(err)
	}
}

func TestF05_F06_ATokenRevokedOnARealServer(t *testing.T) {
	t.Parallel()
	server := controlplane.Shared(t)
	r := newRobot(t, server, server.Namespace(t))
	r.renew()
	p := startWatch(t, "--kubeconfig", r.kubeconfig, "-n", r.namespace, "--summary-every", "0")
	p.until("the summary", ofType(v1alpha1.EventSummary))
	if _, err := server.CreatePod(t.Context(), runningPod(r.namespace, "warm")); err != nil {
		t.Fatal(err)
	}
	p.until("a pod", about("warm"))

	// F05: the plugin has new credentials by the time it is asked.
	old := r.granted
	r.revoke()
	r.renew()
	r.refused(old)
	r.proxy.Reset()
	seen := false
	p.until("the return", func(e v1alpha1.PodWatchEvent) bool {
		seen = seen || e.Type == v1alpha1.EventStreamLagging && strings.Contains(e.Message, "nauthorized")
		if e.Type == v1alpha1.EventStreamUnauthorized {
			t.Errorf("F05: told %+v", e)
		}
		return e.Type == v1alpha1.EventStreamLive && seen
	})

	// F06: it has not.
	r.revoke()
	r.refused(r.granted)
	r.proxy.Reset()
	rejected := p.until("the rejection", ofType(v1alpha1.EventStreamUnauthorized))
	if !strings.Contains(rejected.Message, "credentials rejected, blind for ") || rejected.Severity != v1alpha1.SeverityWarning {
		t.Errorf("F06: told %+v", rejected)
	}
	stdout, stderr, code := run(t, "watch", "--kubeconfig", r.kubeconfig, "-n", r.namespace, "--connect-timeout", "2s")
	if code != 1 || stdout != "" || !strings.Contains(stderr, "nauthorized") || !strings.Contains(stderr, "hint: kubectl auth whoami") {
		t.Errorf("F06 from the start: exit code %d, stdout %q, stderr %q", code, stdout, stderr)
	}
	r.renew()
	p.until("the return", ofType(v1alpha1.EventStreamLive))
	if _, err := server.CreatePod(t.Context(), runningPod(r.namespace, "new")); err != nil {
		t.Fatal(err)
	}
	p.until("a pod", about("new"))
}
