// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// startTries bounds the starts when another process takes a port between its choice and its use.
const startTries = 3

// Options says what runs beside etcd and the API server. The zero value is only these two.
type Options struct {
	// Controllers runs kube-controller-manager with the controllers of workloads, namespaces,
	// service accounts, disruption budgets and garbage.
	Controllers bool
	// Kubelets runs kwok for the nodes of [Server.CreateNodes].
	Kubelets bool
	// ServiceAccounts refuses pods whose service account does not exist, as production clusters do.
	// The one named default is made by a controller.
	ServiceAccounts bool
}

// Server is a running control plane. Its methods may be called from many goroutines.
type Server struct {
	opts   Options
	dir    string
	leash  *leash
	ca     *authority
	token  string // of the administrator
	ports  []int  // etcd, API server
	config *rest.Config
	client kubernetes.Interface

	mu         sync.Mutex // guards the fields below
	stopped    bool
	apiserver  *process // nil while it is killed
	components []*process
}

// Start starts a control plane and returns when it serves: the API server is ready and has the
// namespace default; the controllers, if asked for, have made that namespace's service account.
// The caller must call [Server.Stop]. ctx bounds the start only. The error ends in the tail of the
// log of the component that is at fault, and wraps [ErrNotBuilt] when an executable is missing.
func Start(ctx context.Context, opts Options) (*Server, error) {
	for _, prog := range programs() {
		if _, err := Binary(prog.name); err != nil {
			return nil, err
		}
	}
	var s *Server
	err := retryPorts(func() (err error) {
		s, err = start(ctx, opts)
		return err
	})
	if err != nil {
		return nil, err
	}
	return s, nil
}

// retryPorts repeats a start that found its port taken.
func retryPorts(start func() error) error {
	for try := 1; ; try++ {
		err := start()
		if err == nil || try == startTries || !strings.Contains(err.Error(), "address already in use") {
			return err
		}
	}
}

func start(ctx context.Context, opts Options) (*Server, error) {
	dir, err := os.MkdirTemp("", "podwatch-controlplane-")
	if err != nil {
		return nil, fmt.Errorf("start control plane: %w", err)
	}
	s := &Server{opts: opts, dir: dir}
	// The watchdog must outlive ctx, which may end before Stop is called.
	if s.leash, err = newLeash(context.WithoutCancel(ctx), dir); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if err := s.boot(ctx); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// boot starts the components in the order of their needs.
func (s *Server) boot(ctx context.Context) error {
	var err error
	if s.ports, err = freePorts(2); err != nil {
		return err
	}
	if err := s.writeCredentials(); err != nil {
		return err
	}
	if s.client, err = kubernetes.NewForConfig(s.config); err != nil {
		return fmt.Errorf("start control plane: %w", err)
	}
	if err := s.launch(ctx, "etcd", s.etcdArgs()); err != nil {
		return err
	}
	if err := s.startAPIServer(ctx); err != nil {
		return err
	}
	if s.opts.Kubelets {
		if err := s.startKubelets(ctx); err != nil {
			return err
		}
	}
	if s.opts.Controllers {
		return s.startControllers(ctx)
	}
	return nil
}

// launch starts a component that lives until Stop.
func (s *Server) launch(ctx context.Context, name string, args []string) error {
	p, err := launch(ctx, s.leash, s.dir, name, args)
	if err == nil {
		s.components = append(s.components, p)
	}
	return err
}

// Stop ends every process of the server, removes its folder and returns when both are gone. A
// second call does nothing.
func (s *Server) Stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return nil
	}
	s.stopped = true
	s.killAPIServer()
	for _, p := range s.components {
		p.kill()
	}
	// The watchdog goes last: should this process be killed here, it still cleans up.
	if err := errors.Join(os.RemoveAll(s.dir), s.leash.release()); err != nil {
		return fmt.Errorf("stop control plane: %w", err)
	}
	return nil
}

// Detach lets the server run on when this process ends and returns the shell command that ends it
// and removes its folder. Stop does nothing afterwards.
func (s *Server) Detach() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped {
		return "", errors.New("detach control plane: it was stopped")
	}
	if err := s.leash.release(); err != nil {
		return "", fmt.Errorf("detach control plane: %w", err)
	}
	s.stopped = true
	return s.leash.endCommand(), nil
}

// Config returns the administrator's client configuration, without client-side rate limits. The
// caller owns the copy.
func (s *Server) Config() *rest.Config { return rest.CopyConfig(s.config) }

// Client returns the administrator's client.
func (s *Server) Client() kubernetes.Interface { return s.client }

// Kubeconfig returns the path of the administrator's kubeconfig file. It goes with the server.
func (s *Server) Kubeconfig() string { return s.kubeconfigPath("admin") }
