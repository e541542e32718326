// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package printers is what podwatch prints: the tables, lines and documents of
// its three kinds of output. It sees the kinds of package v1alpha1 and nothing
// else: no cluster, no flags, no clock and no terminal. Ages are relative to
// the observedAt of a report; widths and colours are options.
//
// # Formats
//
//	report, clean   table (the default), wide
//	                json, yaml, kyaml, jsonpath=, jsonpath-as-json=, go-template=
//	                name: pod/NAME per affected or planned pod, in their order
//	watch           line (the default), json (one object per line),
//	                yaml (a document per event), none
//
// The formats for programs are a promise: apiVersion says which, and within one
// version fields are only added. So is the order of name. Tables and lines are
// for people and may change with any release; summaries, questions and results
// too. A format never changes a verdict or an exit code. Every format gives the
// same bytes for the same object, except for a jsonpath with a wildcard over the
// fields of an object: the jsonpath of client-go does not order those.
//
// # Tables
//
// Tables look like those of kubectl: upper-case headers, columns three spaces
// apart, no lines, no trailing spaces. A table without rows is nothing at all.
//
//	report            SEVERITY [CLUSTER] [NAMESPACE] WORKLOAD PODS CAUSE CONTAINER SINCE RESTARTS MESSAGE
//	  -o wide         … RESTARTS STATUS READY EXIT NODES IMAGE QOS OWNERS EXAMPLE [HINT] MESSAGE
//	  by pod, none    [CLUSTER] [NAMESPACE] NAME SEVERITY CAUSE CONTAINER SINCE RESTARTS MESSAGE
//	    -o wide       … RESTARTS STATUS READY EXIT NODE IMAGE QOS OWNERS [HINT] MESSAGE
//	  by cause        CAUSE SEVERITY PODS WORKLOADS SINCE MESSAGE
//	  by KEY          KEY SEVERITY CAUSE PODS WORKLOADS SINCE MESSAGE
//	    -o wide       … SINCE RESTARTS MESSAGE
//	  other pods      [CLUSTER] [NAMESPACE] NAME READY STATUS RESTARTS AGE, and NODE with -o wide
//	clean             NAMESPACE NAME CATEGORY REASON AGE OWNER, NODE with -o wide, [RESULT] [ERROR]
//	  skipped         … OWNER SKIPPED
//
// KEY is one of namespace, node, category, image, registry, container and cluster,
// the last being the kubeconfig context. IMAGE and REGISTRY are those of the
// container at fault. CLUSTER is there with more than one context, by namespace
// and node as well, whose names mean something else in each. NAMESPACE is there unless the scope is exactly one. PODS is
// affected/total, or the number of distinct affected pods, as WORKLOADS is that of
// workloads. SINCE is 42m, >42m (at least), <42m (at most) or ? (unknown).
// CONTAINER has the prefix init:, sidecar: or ephemeral: unless it is an app
// container. OWNERS leads from the workload to what owns the pod. HINT is the next
// command that changes nothing, unless it stands below the row. Absent is "-" where
// kubectl has no column of that kind, else <none> or <unknown>.
//
// What only an owner says, because there is no pod, has the owner where others
// have their pod, and counts no pods. A group that another one explains has no row
// unless it is asked for, or the other one is filtered away.
//
// Without a terminal each row is one line with all columns, whole. On a
// terminal MESSAGE gives way first: it is cut, or moves below its row if little
// of it would be left; then the columns to its left move there until the row
// fits. The names that people copy (workload, pod, cause) are never cut, nor is
// the next command below a row, nor the message below a row of the wide table.
//
// # Cards
//
// A report on named pods that has one problem, or none, is a Card instead of a
// table, unless the options ask for a list. A card is laid out from 40 columns
// on: paragraphs wrap at words, long texts and log lines are cut with "…", and
// commands are never broken. Without a terminal nothing is cut, and every
// paragraph is one line. Clock times are UTC.
//
// # Lines
//
//	TIME GLYPH [CONTEXT/]NAMESPACE/POD[/CONTAINER] TYPE DETAIL
//
// The glyph is = for what was there at the start, ! for failing (critical), ? for
// degraded (a warning), . for what is only information, + for good, - for gone, ~ for
// the connection, # for a summary and the end, x for cleaning, | for the log and the
// events of a crash. The detail is kubectl's STATUS before→after, the cause, and
// after a colon the message. A summary says after its counts what is not seen as it
// is, and has its pods below it, indented.
//
// # Safety
//
// Every text is taken for hostile. Tables and lines print it as one line without
// control characters; documents keep its newlines and tabs and nothing else of
// C0, DEL and C1. Colour is added afterwards, by a Palette that belongs to one
// stream; without one no escape byte is ever written. Colours repeat what the
// words say.
//
// Every print is one call of Write, and its error is returned.
package printers
