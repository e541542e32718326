// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package stream

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"syscall"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilnet "k8s.io/apimachinery/pkg/util/net"
)

// Kind is why a scope could not be read.
type Kind string

// The kinds of a ConnectError.
const (
	// Refused: nothing listens there, or there is no route.
	Refused Kind = "Refused"
	// DNS: the server's name does not resolve.
	DNS Kind = "DNS"
	// TLS: the server's certificate, or ours, or the protocol is not accepted.
	TLS Kind = "TLS"
	// Unauthorized: 401, or the credential plugin gave no credentials.
	Unauthorized Kind = "Unauthorized"
	// Denied: 403.
	Denied Kind = "Denied"
	// Rejected: the server will never accept the request, such as one with an
	// unknown field selector.
	Rejected Kind = "Rejected"
	// Timeout: no answer in time.
	Timeout Kind = "Timeout"
	// Other is everything else, for example 5xx.
	Other Kind = "Other"
)

// ConnectError is returned by Run when it ends before the first Synced.
type ConnectError struct {
	Kind Kind
	// Namespace is the scope, empty for all namespaces.
	Namespace string
	// Err is the cause, never nil.
	Err error
}

// Error implements error.
func (e *ConnectError) Error() string {
	if e.Namespace == "" {
		return fmt.Sprintf("list pods in all namespaces: %v", e.Err)
	}
	return fmt.Sprintf("list pods in namespace %q: %v", e.Namespace, e.Err)
}

// Unwrap returns the cause.
func (e *ConnectError) Unwrap() error { return e.Err }

// errSilent cuts a connection that has been silent for too long.
var errSilent = errors.New("no frame from the server in time")

// KindOf classifies an error of a request or of a stream, such as Status.Err. It must
// not be nil.
func KindOf(err error) Kind {
	var dns *net.DNSError
	switch {
	case errors.As(err, &dns):
		return DNS
	case isRefused(err):
		return Refused
	case isTLS(err):
		return TLS
	// client-go v0.37.2, plugin/pkg/client/auth/exec/exec.go: no type, only text.
	case apierrors.IsUnauthorized(err), strings.Contains(err.Error(), "getting credentials: "):
		return Unauthorized
	case apierrors.IsForbidden(err):
		return Denied
	case errors.Is(err, errSilent), utilnet.IsTimeout(err), apierrors.IsTimeout(err):
		return Timeout
	}
	if isRejection(err) {
		return Rejected
	}
	return Other
}

func isRefused(err error) bool {
	const wsaRefused = syscall.Errno(10061) // Windows has a number of its own
	var op *net.OpError
	if utilnet.IsConnectionReset(err) {
		return errors.As(err, &op) && op.Op == "dial"
	}
	return utilnet.IsConnectionRefused(err) || errors.Is(err, wsaRefused) ||
		errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH)
}

func isTLS(err error) bool {
	var (
		verify *tls.CertificateVerificationError
		record tls.RecordHeaderError
		alert  tls.AlertError
		host   x509.HostnameError
	)
	// The last one is net/http's, which has no type for it.
	return errors.As(err, &verify) || errors.As(err, &record) || errors.As(err, &alert) || errors.As(err, &host) ||
		strings.Contains(err.Error(), "server gave HTTP response to HTTPS client")
}

// isRejection reports whether err is a 4xx that stays.
func isRejection(err error) bool {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return false
	}
	switch code := status.Status().Code; code {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusGone, http.StatusTooManyRequests:
		return false
	default:
		return code >= 400 && code < 500
	}
}

// isExpired reports whether the server has the resourceVersion that was asked
// for no longer, or not yet. This is no failure, only a reason for a relist.
func isExpired(err error) bool {
	return apierrors.IsResourceExpired(err) || apierrors.IsGone(err) ||
		apierrors.HasStatusCause(err, metav1.CauseTypeResourceVersionTooLarge)
}

// resumable makes the reflector open the watch again at the same
// resourceVersion, after its back-off, where it would otherwise read the whole
// list again: isWatchErrorRetriable in client-go v0.37.2 does so for refused
// connections only.
type resumable struct{ error }

// Unwrap implements the interface of package errors. The first errno counts.
func (r resumable) Unwrap() []error { return []error{syscall.ECONNREFUSED, r.error} }

// opaque hides from the reflector what kind of error it is. For a streamed list
// that is refused or throttled, watchList in client-go v0.37.2 sleeps for up to
// a minute without a look at its context; with any other error it tries LIST and
// then waits in a back-off that ends with the context.
type opaque struct{ error }

// isResumable reports whether the resourceVersion outlives err.
func isResumable(err error) bool {
	if isExpired(err) {
		return false
	}
	switch KindOf(err) {
	case Refused, DNS, TLS, Unauthorized, Timeout:
		return true
	case Other:
		return apierrors.IsServiceUnavailable(err) || apierrors.IsInternalError(err) || !isStatus(err)
	case Denied, Rejected:
		return false
	}
	return false
}

func isStatus(err error) bool {
	var status apierrors.APIStatus
	return errors.As(err, &status)
}
