// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package scope

import (
	"net/url"
	"strings"

	"k8s.io/client-go/tools/clientcmd/api"
)

// identify sets what tells the user which cluster c is: the names in kubeconfig,
// the server at host, and whether flags have led away from the context.
func (c *Cluster) identify(f *Flags, kubeconfig api.Config, host string) {
	cluster, server, user := value(f.config.ClusterName), value(f.config.APIServer), value(f.config.AuthInfoName)
	c.Server = serverText(host)
	own := kubeconfig.Contexts[c.Context]
	if own != nil {
		c.Name = own.Cluster
	}
	if cluster != "" {
		c.Name = cluster
	}
	named := kubeconfig.Clusters[c.Name]
	if server != "" && (named == nil || serverText(named.Server) != c.Server) {
		c.Name = "" // it is another cluster, and nobody has given it a name
	}
	c.Elsewhere = (cluster != "" || server != "") && (own == nil || c.Name != own.Cluster)
	if user != "" && (own == nil || user != own.AuthInfo) {
		c.User = user
	}
}

func value(flag *string) string {
	if flag == nil {
		return ""
	}
	return *flag
}

// serverText is a server's URL without what may be secret in it. Some servers
// tell their clusters apart by the path.
func serverText(server string) string {
	u, err := url.Parse(server)
	if err == nil && u.Host == "" {
		u, err = url.Parse("https://" + server)
	}
	if err != nil {
		return ""
	}
	return strings.TrimRight((&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String(), "/")
}
