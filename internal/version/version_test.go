package version

import (
	"runtime/debug"
	"testing"
	"time"
)

func TestInfo(t *testing.T) {
	settings := []debug.BuildSetting{{Key: "vcs.revision", Value: "0123456789abcdef0123"}, {Key: "vcs.time", Value: "2026-07-01T12:00:00Z"}, {Key: "vcs.modified", Value: "true"}}
	for _, c := range []struct {
		name    string
		module  string
		from    []debug.BuildSetting
		version string
		line    string
	}{
		{"a release", "v1.2.3", settings, "v1.2.3", "v1.2.3 (commit 0123456789ab with changes, 2026-07-01T12:00:00Z, go1, os/arch)"},
		{"a checkout", "(devel)", settings, "devel-0123456789ab", "devel-0123456789ab (commit 0123456789ab with changes, 2026-07-01T12:00:00Z, go1, os/arch)"},
		{"sources without history", "", nil, "devel", "devel (go1, os/arch)"},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := Info{Version: "devel", Go: "go1", OS: "os", Arch: "arch"}
			i.take(&debug.BuildInfo{Main: debug.Module{Version: c.module}, Settings: c.from})
			if i.Version != c.version || i.String() != c.line {
				t.Errorf("%q, %q", i.Version, i)
			}
		})
	}
}

func TestReplaced(t *testing.T) {
	e := Running()
	if e.Modified.IsZero() || e.Size == 0 || e.Version == "" || e.Replaced() {
		t.Errorf("%+v, replaced: %v", e, e.Replaced())
	}
	if (Executable{}).Replaced() {
		t.Error("of an executable that isn't known it is said that it was replaced")
	}
	older := e
	older.Modified = older.Modified.Add(-time.Second)
	if !older.Replaced() {
		t.Error("a file with another time isn't noticed")
	}
	e.Size++
	if !e.Replaced() {
		t.Error("a file of another size isn't noticed")
	}
}
