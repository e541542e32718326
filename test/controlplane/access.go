// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"

	authorizationv1 "k8s.io/api/authorization/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// Grant is what a user may do in one namespace or, if Namespace is empty, in the whole cluster.
type Grant struct {
	Namespace string
	Rules     []rbacv1.PolicyRule
}

// User makes a user with exactly these grants and returns the path of the user's kubeconfig,
// which goes with the server. It returns when the API server honours the grants. The name must be
// new to the server and fit into a file name; without grants the user may do nothing.
func (s *Server) User(ctx context.Context, name string, grants ...Grant) (string, error) {
	pair, err := s.ca.client(name)
	if err != nil {
		return "", err
	}
	for i, grant := range grants {
		if err := s.grant(ctx, fmt.Sprintf("%s-%d", name, i), name, grant); err != nil {
			return "", fmt.Errorf("grant to user %q: %w", name, err)
		}
	}
	return s.writeKubeconfig(name, &clientcmdapi.AuthInfo{
		ClientCertificateData: pair.cert, ClientKeyData: pair.key,
	})
}

// UnknownUser returns the path of a kubeconfig whose token the API server does not know: it answers
// 401 Unauthorized, as it does to an expired token.
func (s *Server) UnknownUser() (string, error) {
	return s.writeKubeconfig("unknown", &clientcmdapi.AuthInfo{Token: rand.Text()})
}

// grant binds the rules to the user under the name of the role.
func (s *Server) grant(ctx context.Context, role, user string, g Grant) error {
	rbac := s.client.RbacV1()
	meta := metav1.ObjectMeta{Name: role}
	subjects := []rbacv1.Subject{{Kind: rbacv1.UserKind, APIGroup: rbacv1.GroupName, Name: user}}
	ref := rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Name: role}
	opts := metav1.CreateOptions{}
	if g.Namespace == "" {
		ref.Kind = "ClusterRole"
		_, err := rbac.ClusterRoles().Create(ctx,
			&rbacv1.ClusterRole{ObjectMeta: meta, Rules: g.Rules}, opts)
		if err != nil {
			return err
		}
		_, err = rbac.ClusterRoleBindings().Create(ctx,
			&rbacv1.ClusterRoleBinding{ObjectMeta: meta, Subjects: subjects, RoleRef: ref}, opts)
		if err != nil {
			return err
		}
		return s.awaitGrant(ctx, user, g)
	}
	ref.Kind = "Role"
	_, err := rbac.Roles(g.Namespace).Create(ctx,
		&rbacv1.Role{ObjectMeta: meta, Rules: g.Rules}, opts)
	if err != nil {
		return err
	}
	_, err = rbac.RoleBindings(g.Namespace).Create(ctx,
		&rbacv1.RoleBinding{ObjectMeta: meta, Subjects: subjects, RoleRef: ref}, opts)
	if err != nil {
		return err
	}
	return s.awaitGrant(ctx, user, g)
}

// awaitGrant waits until the authorizer, which reads from its own cache, has seen the role and
// its binding. One rule of the grant proves both.
func (s *Server) awaitGrant(ctx context.Context, user string, g Grant) error {
	for _, rule := range g.Rules {
		if len(rule.Verbs) == 0 || len(rule.APIGroups) == 0 || len(rule.Resources) == 0 {
			continue
		}
		attributes := &authorizationv1.ResourceAttributes{
			Namespace: g.Namespace, Verb: rule.Verbs[0],
			Group: rule.APIGroups[0], Resource: rule.Resources[0],
		}
		if len(rule.ResourceNames) > 0 {
			attributes.Name = rule.ResourceNames[0]
		}
		return wait.PollUntilContextTimeout(ctx, readyInterval, readyLimit, true,
			func(ctx context.Context) (bool, error) {
				review, err := s.client.AuthorizationV1().SubjectAccessReviews().Create(ctx,
					&authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{
						User: user, ResourceAttributes: attributes,
					}}, metav1.CreateOptions{})
				return err == nil && review.Status.Allowed, err
			})
	}
	return nil
}

// writeCredentials makes the certificates, the administrator's token and kubeconfig.
func (s *Server) writeCredentials() (err error) {
	if s.ca, err = newAuthority(); err != nil {
		return err
	}
	serving, err := s.ca.server("kube-apiserver")
	if err != nil {
		return err
	}
	s.token = rand.Text()
	for name, text := range map[string][]byte{
		"ca.crt":        s.ca.pem,
		"apiserver.crt": serving.cert,
		"apiserver.key": serving.key,
		"tokens.csv":    []byte(s.token + ",admin,admin,system:masters\n"),
	} {
		if err := os.WriteFile(s.file(name), text, 0o600); err != nil {
			return fmt.Errorf("write credentials: %w", err)
		}
	}
	s.config = &rest.Config{
		Host:            s.address(),
		BearerToken:     s.token,
		TLSClientConfig: rest.TLSClientConfig{CAData: s.ca.pem},
		QPS:             -1, // the server's priority and fairness rules
	}
	_, err = s.writeKubeconfig("admin", &clientcmdapi.AuthInfo{Token: s.token})
	return err
}

// address is where the API server listens, before and after a restart.
func (s *Server) address() string { return fmt.Sprintf("https://127.0.0.1:%d", s.ports[1]) }

func (s *Server) kubeconfigPath(user string) string { return s.file(user + ".kubeconfig") }

// writeKubeconfig writes a file, readable by its owner only, whose one context is "podwatch-test".
func (s *Server) writeKubeconfig(user string, auth *clientcmdapi.AuthInfo) (string, error) {
	const cluster = "podwatch-test"
	config := clientcmdapi.NewConfig()
	config.Clusters[cluster] = &clientcmdapi.Cluster{
		Server: s.address(), CertificateAuthorityData: s.ca.pem,
	}
	config.AuthInfos[user] = auth
	config.Contexts[cluster] = &clientcmdapi.Context{Cluster: cluster, AuthInfo: user}
	config.CurrentContext = cluster
	if err := clientcmd.WriteToFile(*config, s.kubeconfigPath(user)); err != nil {
		return "", fmt.Errorf("write kubeconfig of %q: %w", user, err)
	}
	return s.kubeconfigPath(user), nil
}
