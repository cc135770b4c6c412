package supervisor

import (
	"slices"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/version"
)

// addReplaced adds to a status that what runs isn't the daruma on disk. It looks at the disk: the asker calls it.
func (s *supervisor) addReplaced(st *control.Status) {
	keeper := version.Executable{Version: s.hello.Version, Size: s.hello.ExecutableSize}
	if s.hello.ExecutableModified != 0 {
		keeper.Modified = time.Unix(0, s.hello.ExecutableModified)
	}
	who := ""
	switch {
	case s.runs.Replaced():
		who = "daruma"
	case keeper.Replaced():
		who = "the keeper"
	default:
		return
	}
	renew := "daruma restart " + st.Service
	if !s.hello.Hosted {
		renew = "ending daruma run and starting it again"
	}
	st.Warnings = append(st.Warnings, control.ReplacedWarning+" was replaced, and "+who+" still runs what was there before ("+s.runs.Version+"); "+
		renew+" takes it, and restarts the programs")
	slices.Sort(st.Warnings)
}
