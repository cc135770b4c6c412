package definition

import (
	"path/filepath"
	"slices"
	"strings"
)

// observerKeys are the keys that observe.yaml may have at the top. A test of its own package holds the list up to date.
func observerKeys() []string {
	return []string{"listen", "textfile", "folder", "notices", "shipping", "dashboard", "history", "hosts"}
}

// IsObserver reports whether src is an observe.yaml, the file of `daruma observe`, and no definition: it has keys of the one, and none that
// only the other has. Whether it is a good one is for others to say. What isn't YAML, or has nothing in it, is neither.
func IsObserver(src []byte) bool {
	root, _ := read(src)
	if root == nil || root.kind != mapNode {
		return false
	}
	own := (&decoder{}).serviceFields(&Service{})
	observers := false
	for _, e := range root.entries {
		switch {
		case slices.Contains(observerKeys(), e.key): // folder is a key of both
			observers = true
		case find(own, e.key) != nil:
			return false
		}
	}
	return observers
}

// ObserverFiles lists the files that an observe.yaml names, as absolute paths: the values of all keys whose name ends in File (urlFile,
// secretFile, caFile), and those in tls and headerFiles. file and env are those of [ParseOther]. What is wrong in it isn't said here.
func ObserverFiles(src []byte, file string, env func(string) (string, bool)) (files []string) {
	root, _ := read(src)
	abs, err := filepath.Abs(file)
	if root == nil || err != nil {
		return nil
	}
	d := &decoder{dir: filepath.Dir(abs), env: env, foreign: func(_, _ string) string { return "" }}
	d.filesOf(root, "", func(path string) {
		if path != "" && !slices.Contains(files, path) {
			files = append(files, path)
		}
	})
	return files
}

// filesOf calls found for what a value and all in it names with keys that end in File; key is the value's own.
func (d *decoder) filesOf(n *node, key string, found func(path string)) {
	for i := range n.entries {
		e := &n.entries[i]
		if scalar := e.value.kind == plainNode || e.value.kind == quotedNode; scalar && (strings.HasSuffix(e.key, "File") || key == "tls" || key == "headerFiles") {
			found(Value{d, e.value}.Path())
			continue
		}
		d.filesOf(e.value, e.key, found)
	}
	for _, item := range n.items {
		d.filesOf(item, key, found)
	}
}
