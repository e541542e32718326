// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package controlplane

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// Compact makes etcd forget everything but the present, as it does every five minutes in a real
// cluster. The API server still answers from its own cache; after a restart it has none. Whatever a
// watch has seen before, bookmarks too, is forgotten: the present is one that nobody has seen.
func (s *Server) Compact(ctx context.Context) error {
	var put struct {
		Header struct {
			Revision string `json:"revision"`
		} `json:"header"`
	}
	// From the revision of the compaction on a watch can still go on, hence two steps.
	for range 2 {
		unseen := map[string]any{"key": []byte("/unseen"), "value": []byte("by any watch")}
		if err := s.etcd(ctx, "kv/put", unseen, &put); err != nil {
			return err
		}
	}
	return s.etcd(ctx, "kv/compaction", map[string]any{"revision": put.Header.Revision, "physical": true}, nil)
}

// etcd calls a method of etcd's JSON gateway. Into may be nil.
func (s *Server) etcd(ctx context.Context, method string, ask, into any) error {
	body, err := json.Marshal(ask)
	if err != nil {
		return err
	}
	url := fmt.Sprintf("http://127.0.0.1:%d/v3/%s", s.ports[0], method)
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return fmt.Errorf("etcd %s: %w", method, err)
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return fmt.Errorf("etcd %s: %w", method, err)
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("etcd %s: %s: %s", method, resp.Status, answer)
	}
	if into == nil {
		return nil
	}
	return json.Unmarshal(answer, into)
}
