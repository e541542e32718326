// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package stream

import "time"

// State is how far what was delivered can be trusted to be the present.
type State string

// The states of a stream.
const (
	// Connecting lasts until the first Synced, unless the server cannot be
	// reached meanwhile, or is silent for a tenth of Config.ConnectTimeout, which
	// is Lagging.
	Connecting State = "CONNECTING"
	// Live: the server was heard of within 3/4 of Config.IdleTimeout.
	Live State = "LIVE"
	// Lagging: silent for 3/4 of Config.IdleTimeout, or the last attempt failed
	// in a way that usually passes (401, 429, 5xx, an error in the stream).
	Lagging State = "LAGGING"
	// Stale: silent for Config.IdleTimeout, or the server cannot be reached.
	Stale State = "STALE"
	// Forbidden: the server denies reading the scope; asked again with back-off.
	Forbidden State = "FORBIDDEN"
	// CredentialsRejected: 401 three times in a row, so that renewing the
	// credentials has not helped; asked again with back-off.
	CredentialsRejected State = "UNAUTHORIZED"
)

// Status is the condition of a stream at one moment.
type Status struct {
	State State
	// Err is the last failure since the server was last heard of; nil when Live.
	Err error
	// Attempts counts the failed attempts since the server was last heard of,
	// those that rest.Request retries on its own included if the transport is
	// wrapped with Observe.
	Attempts int
	// Relists counts the complete lists after the initial one.
	Relists int
	// Relisting is true from when the server has forgotten what was missed until
	// the list that makes up for it is complete.
	Relisting bool
	// LastFrame is when the server was last heard of: a frame (bookmarks
	// included), a page or the headers of a watch; with Observe every byte of
	// them. Zero before the first.
	LastFrame time.Time
	// Skew is the server's clock minus this machine's, from the Date header, in
	// whole seconds; 0 if below about two seconds or unknown (needs Observe). It is
	// told before the pods of the answer that it was read from.
	Skew time.Duration
	// Notice is one sentence for the user, set in the one call that says it.
	Notice string
}

// sameAs reports whether s holds no news beyond LastFrame.
func (s Status) sameAs(o Status) bool {
	return s.State == o.State && s.Attempts == o.Attempts && s.Relists == o.Relists && s.Relisting == o.Relisting && s.Skew == o.Skew &&
		text(s.Err) == text(o.Err)
}

func text(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}
