package supervisor

import (
	"slices"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/version"
)

// addReplaced adds to a status that what runs isn't the daruma on disk. It looks at the disk: the asker calls it.
func (s *supervisor) addReplaced(st *control.Status) {
	keeper := version.Executable{Version: s.hello.Version, Path: s.runs.Path, Size: s.hello.ExecutableSize}
	own := s.runs
	if path := s.hello.ExecutablePath; path != "" { // where the file was renamed away, this process knows it by another name
		keeper.Path, own.Path = path, path
	}
	if s.hello.ExecutableModified != 0 {
		keeper.Modified = time.Unix(0, s.hello.ExecutableModified)
	}
	who := ""
	switch {
	case own.Replaced():
		who = "daruma"
	case keeper.Replaced():
		who = "the keeper"
	default:
		return
	}
	renew := "daruma restart " + st.Service + " takes it, and restarts the programs"
	switch {
	case s.hello.Upgrades == wire.UpgradeKeeper || s.hello.Upgrades == wire.UpgradeSupervisor && who == "daruma":
		renew = "daruma upgrade " + st.Service + " takes it, and the programs run on"
	case !s.hello.Hosted:
		renew = "ending daruma run and starting it again takes it, and restarts the programs"
	}
	if why := s.hello.LastUpgrade.Error; why != "" {
		renew += " (the last upgrade failed: " + why + ")"
	}
	st.Warnings = append(st.Warnings, control.ReplacedWarning+" was replaced, and "+who+" still runs what was there before ("+s.runs.Version+"); "+renew)
	slices.Sort(st.Warnings)
}
