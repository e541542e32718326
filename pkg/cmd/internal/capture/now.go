// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package capture

import (
	"fmt"
	"time"
)

// NowUsage explains the flag --now.
const NowUsage = "with -f: the instant of the verdicts (RFC 3339); default: the newest time in the capture"

// ParseNow reads the value of --now. The zero time stands for none.
func ParseNow(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	now, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return now, fmt.Errorf("flag --now %q: want a time like 2006-01-02T15:04:05Z", text)
	}
	return now, nil
}

// stale is when a capture is so old that the reader is told.
const stale = 24 * time.Hour

// Warning is the line for a user who may think that everything is as of wall,
// while the newest time of the capture counts and that is far back. It ends in a
// newline, and is empty if there is nothing to say.
func (c *Capture) Warning(wall time.Time) string {
	now := c.CaptureTime.Truncate(time.Second)
	if now.IsZero() || wall.Sub(now) <= stale {
		return ""
	}
	return fmt.Sprintf("Warning: the capture is more than a day old; everything is as of %s (see --now).\n", now.UTC().Format(time.RFC3339))
}
