// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package scope

import (
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	corev1client "k8s.io/client-go/kubernetes/typed/core/v1"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/podwatch/kubectl-podwatch/pkg/cmd/internal/exit"
	"github.com/podwatch/kubectl-podwatch/pkg/reconcile/stream"
	"github.com/podwatch/kubectl-podwatch/pkg/related"
)

// Cluster is one cluster of a scope, with what is needed to read it.
type Cluster struct {
	// Context is the kubeconfig context, "" in-cluster.
	Context string
	// Name is what the kubeconfig calls the cluster, "" if it does not know it.
	Name string
	// Server is the URL of the API server, without credentials and query.
	Server string
	// Elsewhere is true if --cluster or --server has led to another cluster than
	// the one that Context stands for, User is the one of --user, "" if it is
	// the context's own.
	Elsewhere bool
	User      string
	// Namespaces are at least one; metav1.NamespaceAll alone means all.
	Namespaces []string
	// Core is the core API and nothing else: a whole clientset would add the
	// code of fifty more to a binary that never calls them.
	Core corev1client.CoreV1Interface
	// Related reads what stands around pods.
	Related related.Client
	// REST is what further clients are made of.
	REST *rest.Config
}

// CoreV1 makes a Cluster a client of package stream.
func (c Cluster) CoreV1() corev1client.CoreV1Interface { return c.Core }

// Clusters makes the clients of s, one per context. It reads the kubeconfig
// and sends nothing.
func (f *Flags) Clusters(s Scope, userAgent string) ([]Cluster, error) {
	contexts := s.Contexts
	if len(contexts) == 0 {
		contexts = []string{""}
	}
	clusters := make([]Cluster, 0, len(contexts))
	for _, context := range contexts {
		c, err := f.cluster(s, context, userAgent)
		if err != nil {
			return nil, err
		}
		clusters = append(clusters, c)
	}
	return clusters, nil
}

func (f *Flags) cluster(s Scope, context, userAgent string) (Cluster, error) {
	loader := f.loader(context)
	raw, err := loader.RawConfig()
	if err != nil {
		return Cluster{}, fmt.Errorf("load kubeconfig: %w", err)
	}
	if _, ok := raw.Contexts[context]; context != "" && !ok {
		return Cluster{}, exit.Hint(fmt.Errorf("load kubeconfig: context %q does not exist", context), "kubectl config get-contexts")
	}
	config, err := loader.ClientConfig()
	if err != nil {
		return Cluster{}, fmt.Errorf("load kubeconfig: %w", err)
	}
	// With nothing configured and outside of a cluster, clientcmd falls back to
	// a port on this machine that nobody has opened since 2016.
	if len(raw.Clusters) == 0 && config.Host == clientcmd.ClusterDefaults.Server {
		return Cluster{}, exit.Hint(errors.New("load kubeconfig: there is none, and this is no pod"), "set KUBECONFIG, or pass --kubeconfig FILE")
	}
	cluster := Cluster{Context: context, Namespaces: s.Namespaces}
	if cluster.Context == "" {
		cluster.Context = raw.CurrentContext
	}
	cluster.identify(f, raw, config.Host)
	switch {
	case s.All:
		cluster.Namespaces = []string{metav1.NamespaceAll}
	case len(s.Namespaces) == 0:
		namespace, _, err := loader.Namespace()
		if err != nil {
			return Cluster{}, fmt.Errorf("load kubeconfig: %w", err)
		}
		cluster.Namespaces = []string{namespace}
	}
	return cluster, cluster.connect(config, userAgent)
}

// connect makes the clients. The server's priority and fairness rules how fast
// podwatch may ask, no limit of the client's own.
func (c *Cluster) connect(config *rest.Config, userAgent string) error {
	config.QPS = -1
	config.UserAgent = userAgent
	config.Wrap(stream.Observe)
	c.REST = config
	var err error
	if c.Core, err = corev1client.NewForConfig(config); err != nil {
		return fmt.Errorf("make client: %w", err)
	}
	c.Related, err = related.NewClient(config)
	return err
}

// loader reads the kubeconfig with all of kubectl's connection flags, for the
// given context; "" is the current one.
func (f *Flags) loader(context string) clientcmd.ClientConfig {
	c := f.config
	return (&genericclioptions.ConfigFlags{
		CacheDir: c.CacheDir, KubeConfig: c.KubeConfig, ClusterName: c.ClusterName, AuthInfoName: c.AuthInfoName,
		APIServer: c.APIServer, TLSServerName: c.TLSServerName, Insecure: c.Insecure,
		CertFile: c.CertFile, KeyFile: c.KeyFile, CAFile: c.CAFile, BearerToken: c.BearerToken,
		Impersonate: c.Impersonate, ImpersonateUID: c.ImpersonateUID, ImpersonateGroup: c.ImpersonateGroup,
		ImpersonateUserExtra: c.ImpersonateUserExtra, Timeout: c.Timeout,
		DisableCompression: c.DisableCompression, ProxyURL: c.ProxyURL,
		Context: &context,
	}).ToRawKubeConfigLoader()
}
