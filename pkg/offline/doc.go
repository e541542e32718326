// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

// Package offline reads pods from captures instead of from a cluster:
// everything that `kubectl get -o json|yaml|kyaml` prints, and what people make
// of it.
//
// An input is a sequence of documents, JSON or YAML, one behind the other or
// separated by "---". A document is one object, a list (List, PodList, any
// other list kind, or a bare JSON array), or nothing. Pods are handed on one by
// one. Of other objects the owners of pods (ReplicaSet, Job) are kept as far as
// related.Index needs them, and of all of them the newest time; the rest is
// counted by kind. Fields that the Pod type of this version does not know are
// ignored.
//
// Memory does not grow with the input: the items of a list are taken one at a
// time, in JSON always and in YAML in the block style that kubectl and every
// YAML library print. A YAML list in another style is one document. Two shapes
// cost more: the items of a typed list without a kind of their own whose list
// names its kind behind them (a PodList with sorted keys) wait until it does, up
// to 256 MiB of them, and YAML anchors cannot be used across the items of a list.
//
// Captures come from strangers. An input is at most MaxInput bytes long, one
// object (or one YAML document that is not a block list) at most MaxDocument,
// and YAML aliases may not blow a document up beyond that. What is wrong is
// said in one line with the name of the input, the document and the line.
package offline
