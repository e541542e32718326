// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package transition decides what of the engine's events is worth telling, and
// as which kind of transition: the text behind `kubectl podwatch watch`.
//
// A Teller sees every verdict and tells only edges. Nothing is told before the
// initial lists are complete; then come the summary and every pod that is bad
// already, worst first, and from there on one event per frame at most: the
// worst that it has to say.
//
// A problem of one pod is an episode, from the first warning or critical
// verdict until the pod is healthy, complete or gone. Inside an episode only
// what is new is told: another cause, a higher severity.
//
// What the engine doubts is held until it does not any more, or until the pod has
// moved on or gone: then it is told as it looked. An attempt of a Job that has
// attempts left is told as information and is no problem; neither is what owners
// make milder than a warning.
//
// A Folder folds the events of the pods of a lost node into one, for lines.
//
// The package is pure: it has no clock, no I/O and no goroutines.
package transition
