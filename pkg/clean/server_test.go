// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package clean

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
)

// server plays the API server below the HTTP client. Other than the fake
// clientset it minds preconditions, dry runs, finalizers and grace periods, and
// fails the test on a DELETE that it could carry out against the wrong pod (S58).
type server struct {
	t *testing.T
	// answer may take over: it returns nil for what the server is to do itself.
	answer func(*http.Request) (*http.Response, error)
	// after is called when a request has been served.
	after func(*http.Request)

	mu       sync.Mutex
	pods     map[string]*corev1.Pod
	requests []string
	deleted  []string
}

func newServer(t *testing.T, pods ...*corev1.Pod) *server {
	t.Helper()
	s := &server{t: t, pods: map[string]*corev1.Pod{}}
	for _, pod := range pods {
		s.pods[pod.Namespace+"/"+pod.Name] = pod
	}
	return s
}

func (s *server) client() rest.Interface {
	s.t.Helper()
	client, err := rest.RESTClientFor(&rest.Config{
		Host: "http://127.0.0.1:1", APIPath: "/api", QPS: -1, Transport: s,
		ContentConfig: rest.ContentConfig{
			GroupVersion:         &corev1.SchemeGroupVersion,
			NegotiatedSerializer: scheme.Codecs.WithoutConversion(),
		},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return client
}

// mutations returns the requests that are no mere reads.
func (s *server) mutations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.requests), func(r string) bool { return strings.HasPrefix(r, "GET ") })
}

func (s *server) gone() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(slices.Values(s.deleted))
}

func (s *server) replace(pod *corev1.Pod) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pods[pod.Namespace+"/"+pod.Name] = pod
}

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	if s.after != nil {
		defer s.after(r)
	}
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+podOf(r))
	s.mu.Unlock()
	if s.answer != nil {
		if response, err := s.answer(r); response != nil || err != nil {
			return response, err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	pod := s.pods[podOf(r)]
	switch {
	case r.Method == http.MethodGet && pod != nil:
		return reply(http.StatusOK, pod), nil
	case r.Method == http.MethodDelete:
		return s.delete(r, pod), nil
	case r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/eviction"):
		return s.evict(r, pod), nil
	default:
		return refuse(http.StatusNotFound, metav1.StatusReasonNotFound), nil
	}
}

// delete is called with the lock held.
func (s *server) delete(r *http.Request, pod *corev1.Pod) *http.Response {
	var options metav1.DeleteOptions
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	if _, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, &options); err != nil {
		s.t.Errorf("body of %s %s: %v", r.Method, r.URL, err)
	}
	if options.Preconditions == nil || options.Preconditions.UID == nil || *options.Preconditions.UID == "" {
		s.t.Errorf("%s %s: no UID precondition in %s", r.Method, r.URL, body)
		return refuse(http.StatusBadRequest, metav1.StatusReasonBadRequest)
	}
	if r.URL.RawQuery != "" {
		s.t.Errorf("%s %s: query parameters are not read beside a body", r.Method, r.URL)
	}
	switch {
	case pod == nil:
		return refuse(http.StatusNotFound, metav1.StatusReasonNotFound)
	case pod.UID != *options.Preconditions.UID:
		return refuse(http.StatusConflict, metav1.StatusReasonConflict)
	case slices.Equal(options.DryRun, []string{metav1.DryRunAll}):
		return reply(http.StatusOK, pod)
	case len(pod.Finalizers) > 0:
		pod.DeletionTimestamp = new(metav1.Time{Time: noon})
		return reply(http.StatusOK, pod)
	}
	delete(s.pods, podOf(r))
	s.deleted = append(s.deleted, podOf(r))
	return reply(http.StatusOK, pod)
}

// evict is called with the lock held.
func (s *server) evict(r *http.Request, pod *corev1.Pod) *http.Response {
	var eviction policyv1.Eviction
	body, err := io.ReadAll(r.Body)
	if err != nil {
		s.t.Error(err)
	}
	if _, _, err := scheme.Codecs.UniversalDeserializer().Decode(body, nil, &eviction); err != nil {
		s.t.Errorf("body of %s %s: %v", r.Method, r.URL, err)
	}
	options := eviction.DeleteOptions
	if options == nil || options.Preconditions == nil || options.Preconditions.UID == nil || options.Preconditions.ResourceVersion == nil {
		s.t.Errorf("%s %s: no preconditions on UID and resourceVersion in %s", r.Method, r.URL, body)
		return refuse(http.StatusBadRequest, metav1.StatusReasonBadRequest)
	}
	switch {
	case pod == nil:
		return refuse(http.StatusNotFound, metav1.StatusReasonNotFound)
	case pod.UID != *options.Preconditions.UID, pod.ResourceVersion != *options.Preconditions.ResourceVersion:
		return refuse(http.StatusConflict, metav1.StatusReasonConflict)
	case !slices.Equal(options.DryRun, []string{metav1.DryRunAll}):
		// The kubelet has still to stop it.
		pod.DeletionTimestamp, pod.DeletionGracePeriodSeconds = new(metav1.Time{Time: noon}), new(int64(30))
		s.deleted = append(s.deleted, podOf(r))
	}
	return reply(http.StatusCreated, &metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"}, Status: metav1.StatusSuccess,
	})
}

// podOf returns namespace/name out of /api/v1/namespaces/NS/pods/NAME, with or
// without a subresource.
func podOf(r *http.Request) string {
	parts := strings.Split(r.URL.Path, "/")
	if len(parts) < 7 {
		return r.URL.Path
	}
	return parts[4] + "/" + parts[6]
}

func reply(code int, object any) *http.Response {
	data, err := json.Marshal(object)
	if err != nil {
		code = http.StatusInternalServerError
	}
	// Answers carry apiVersion and kind, which typed objects leave empty.
	if _, ok := object.(*corev1.Pod); ok {
		data = append([]byte(`{"apiVersion":"v1","kind":"Pod",`), data[1:]...)
	}
	return &http.Response{
		StatusCode: code,
		Header:     http.Header{"Content-Type": {"application/json"}},
		Body:       io.NopCloser(bytes.NewReader(data)),
	}
}

func refuse(code int, reason metav1.StatusReason, causes ...metav1.StatusCause) *http.Response {
	return reply(code, &metav1.Status{
		TypeMeta: metav1.TypeMeta{APIVersion: "v1", Kind: "Status"},
		Status:   metav1.StatusFailure, Code: int32(code), Reason: reason, Message: "refused: " + string(reason),
		Details: &metav1.StatusDetails{Causes: causes},
	})
}

// openArchive opens an archive that holds the manifests of pods.
func openArchive(t *testing.T, pods ...*corev1.Pod) *Archive {
	t.Helper()
	a, err := OpenArchive(t.TempDir()+"/archive", noon)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = a.Close() })
	for _, pod := range pods {
		a.Spool(pod)
	}
	return a
}
