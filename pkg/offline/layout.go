// Copyright The kubectl-podwatch Authors.
// SPDX-License-Identifier: Apache-2.0

package offline

import (
	"cmp"
	"path"
	"slices"
	"strings"
)

// SourceType says what made a capture, in the words of v1alpha1.Source.
type SourceType string

// The captures that are told apart.
const (
	SourceFile SourceType = "File"
	// SourceDump is what kubectl cluster-info dump makes, a directory or a
	// stream.
	SourceDump SourceType = "ClusterInfoDump"
	// SourceMustGather is what oc adm must-gather makes.
	SourceMustGather SourceType = "MustGather"
	// SourceBundle is a support bundle of troubleshoot.sh.
	SourceBundle SourceType = "SupportBundle"
)

// place is what the path of a file inside of a capture says about it. The zero
// value is a file of no use.
type place struct {
	// source is the layout that the path belongs to, SourceFile if it is of none.
	source SourceType
	// manifest is true for a file that may hold objects.
	manifest bool
	// resource is what kind of objects the file holds, the zero value if the
	// path does not tell.
	resource resource
	// complete is true if the layout puts all objects of the resource into this
	// one file, all of namespace if that is not empty.
	complete  bool
	namespace string
	// log is the container whose log the file is, the zero value for none.
	log Log
	// dump is the folder that would be a dump, for its nodes, pods and logs.
	dump string
	// sections is true for a file with the logs of the containers of a pod.
	sections bool
}

func (p place) useful() bool { return p.manifest || p.sections || p.log != Log{} }

// plural names what is in the file, for a limitation. A manifest of which the
// path does not tell may hold pods.
func (p place) plural() string {
	if p.sections || p.log != (Log{}) {
		return "pods/log"
	}
	return cmp.Or(p.resource.plural, "pods")
}

// placeOf reads the path of an entry. The layouts may lie in any folder: a
// must-gather has one per image, an archive often one of its own.
func placeOf(entry string) place {
	elements := strings.Split(entry, "/")
	file := elements[len(elements)-1]
	name, extension := cutExtension(file)
	if i := slices.Index(elements, "cluster-resources"); i >= 0 {
		return bundlePlace(elements[i+1:], name, extension)
	}
	if i := slices.Index(elements, "namespaces"); i >= 0 && len(elements) > i+3 {
		if p := gatheredPlace(elements[i+1:], name, extension); p.source != "" {
			return p
		}
	}
	if i := slices.Index(elements, "cluster-scoped-resources"); i >= 0 && len(elements) > i+3 {
		return gathered(elements[i+2], "", extension)
	}
	return dumpPlace(entry, file, name, extension)
}

// cutExtension returns name and extension of a file; an extension that no
// manifest has is empty.
func cutExtension(file string) (name, extension string) {
	extension = path.Ext(file)
	name = strings.TrimSuffix(file, extension)
	if !slices.Contains([]string{".json", ".yaml", ".yml"}, extension) {
		return name, ""
	}
	return name, extension
}

// bundlePlace knows cluster-resources/RESOURCE.json, RESOURCE/NAMESPACE.json and
// pods/logs/NAMESPACE/POD/CONTAINER.log (troubleshoot, pkg/collect).
func bundlePlace(rest []string, name, extension string) place {
	if len(rest) == 5 && rest[0] == "pods" && rest[1] == "logs" && strings.HasSuffix(rest[4], ".log") {
		container, previous := strings.CutSuffix(name, "-previous")
		return place{source: SourceBundle, log: Log{Namespace: rest[2], Pod: rest[3], Container: container, Previous: previous}}
	}
	if extension == "" || len(rest) == 0 || len(rest) > 2 {
		return place{}
	}
	p := place{source: SourceBundle, complete: true}
	plural := rest[0]
	if len(rest) == 1 {
		plural = name
	} else {
		p.namespace = name
	}
	p.resource, p.manifest = resourceNamed(plural)
	return p
}

// gatheredPlace knows NAMESPACE/GROUP/RESOURCE.yaml, which holds a list, and
// NAMESPACE/pods/POD/…, which holds the pod once more, and its logs (oc adm
// inspect).
func gatheredPlace(rest []string, name, extension string) place {
	namespace := rest[0]
	if rest[1] == "pods" {
		if len(rest) == 4 && extension != "" {
			return gathered("pods", namespace, extension)
		}
		if len(rest) == 7 && rest[5] == "logs" && (rest[6] == "current.log" || rest[6] == "previous.log") {
			return place{source: SourceMustGather, log: Log{
				Namespace: namespace, Pod: rest[2], Container: rest[3], Previous: name == "previous",
			}}
		}
		return place{source: SourceMustGather}
	}
	if len(rest) != 3 {
		return place{}
	}
	return gathered(name, namespace, extension)
}

func gathered(plural, namespace, extension string) place {
	p := place{source: SourceMustGather, namespace: namespace}
	if extension != "" {
		p.resource, p.manifest = resourceNamed(plural)
	}
	return p
}

// dumpPlace knows nodes.json, NAMESPACE/RESOURCE.json and NAMESPACE/POD/logs.txt
// (kubectl, pkg/cmd/clusterinfo). Whether a folder is a dump shows only when
// all of it is known, so any other manifest is read, too.
func dumpPlace(entry, file, name, extension string) place {
	p := place{source: SourceFile, manifest: extension != "", sections: file == "logs.txt"}
	switch {
	case p.sections:
		p.dump = path.Dir(path.Dir(path.Dir(entry)))
	case p.manifest && name == "nodes":
		p.dump = path.Dir(entry)
	case p.manifest && name == "pods":
		p.dump = path.Dir(path.Dir(entry))
	}
	return p
}
