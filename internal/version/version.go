// Package version says which daruma this is.
package version

import (
	"fmt"
	"runtime"
	"runtime/debug"
)

// What a release's linker sets (-X), because the sources of a package may stand in no repository that Go could read it from. Empty in all
// other builds.
var release, commit, date string

// Info is what is known of a build.
type Info struct {
	Version  string `json:"version"`            // that of the module, "v1.2.3"; where there is none, devel-REVISION or devel
	Commit   string `json:"commit,omitempty"`   // the revision it was built from
	Date     string `json:"date,omitempty"`     // of the commit, RFC 3339
	Modified bool   `json:"modified,omitempty"` // the sources differed from the commit
	Go       string `json:"go"`                 // the version of Go that built it
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

// Read gives what the linker wrote into this executable.
func Read() Info {
	i := Info{Version: "devel", Go: runtime.Version(), OS: runtime.GOOS, Arch: runtime.GOARCH}
	if build, ok := debug.ReadBuildInfo(); ok {
		i.take(build)
	}
	if release != "" {
		i.Version, i.Commit, i.Date, i.Modified = release, commit, date, false
	}
	return i
}

func (i *Info) take(build *debug.BuildInfo) {
	for _, s := range build.Settings {
		switch s.Key {
		case "vcs.revision":
			i.Commit = s.Value
		case "vcs.time":
			i.Date = s.Value
		case "vcs.modified":
			i.Modified = s.Value == "true"
		}
	}
	switch v := build.Main.Version; {
	case v != "" && v != "(devel)":
		i.Version = v
	case len(i.Commit) >= 12:
		i.Version = "devel-" + i.Commit[:12]
	}
}

// String is one line for people: v1.2.3 (commit 0123456789ab, 2026-07-01T12:00:00Z, go1.26.0, linux/amd64).
func (i Info) String() string {
	from := ""
	if len(i.Commit) >= 12 {
		from = "commit " + i.Commit[:12]
		if i.Modified {
			from += " with changes"
		}
		from += ", "
	}
	if i.Date != "" {
		from += i.Date + ", "
	}
	return fmt.Sprintf("%s (%s%s, %s/%s)", i.Version, from, i.Go, i.OS, i.Arch)
}

// Version is that of the module, or of the revision it was built from.
func Version() string { return Read().Version }
