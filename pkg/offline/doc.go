// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package offline reads pods from captures instead of from a cluster:
// everything that `kubectl get -o json|yaml|kyaml` prints, what people make of
// it, and what kubectl cluster-info dump, oc adm must-gather and troubleshoot
// collect.
//
// An input is a file, a directory or a tar archive, compressed or not; Open
// tells them apart by what is in them. A file is a sequence of documents, JSON or
// YAML, one behind the other or separated by "---". A document is one object, a
// list (List, PodList, any other list kind, or a bare JSON array), nothing, or
// the log of a container in the stream of a dump. Pods are handed on one by one.
// The objects that related.Index understands are kept in it, of all objects the
// newest time, of logs the end; the rest is counted by kind. Fields that the
// types of this version do not know are ignored.
//
// In a directory or an archive the path of a file tells what it is, a place:
// what can be of no use is not opened. A Snapshot says what it holds, and takes
// something for missing only where a layout is known to hold all of a kind.
//
// Memory does not grow with the input: the items of a list are taken one at a
// time, in JSON always and in YAML in the block style that kubectl and every
// YAML library print. A YAML list in another style is one document. Two shapes
// cost more: the items of a typed list without a kind of their own whose list
// names its kind behind them (a PodList with sorted keys) wait until it does, up
// to 256 MiB of them, and YAML anchors cannot be used across the items of a list.
//
// What stays in memory are the projections of the objects around pods, the UIDs
// of the pods, and of logs at most 64 MiB.
//
// Captures come from strangers. A file is at most MaxInput bytes long, an archive
// gives at most MaxArchive bytes and MaxEntries files, one object (or one YAML document that is not a block list) at most MaxDocument,
// and YAML aliases may not blow a document up beyond that. What is wrong is
// said in one line with the name of the input, the document and the line. Nothing
// is written to disk, and nothing outside of a directory or archive is opened.
package offline
