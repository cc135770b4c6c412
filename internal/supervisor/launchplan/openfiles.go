package launchplan

import (
	"fmt"

	"github.com/daruma-sh/daruma/internal/definition"
)

// Open files that a keeper or a supervisor needs on Linux: a run is a pidfd and the two ends of each of its pipes in the keeper, and in the
// supervisor the reading ends, a log file and its index.
const (
	ownFiles     = 64 // sockets, folders, clients, and what the keeper holds back for itself
	programFiles = 3
	pipeFiles    = 2 // of each pipe beyond the first
)

// filesFor is the number of open files that a program takes.
func filesFor(p *definition.Program) uint64 {
	n := uint64(programFiles + len(p.Listen))
	if p.Logs.Format == definition.JSON { // stdout and stderr apart
		n += pipeFiles
	}
	if p.Notifies() {
		n += pipeFiles
	}
	if p.Stdin == definition.StdinOpen {
		n += pipeFiles
	}
	return n
}

// TooManyPrograms says that the hard limit of open files is too low for so many programs, and for how many it is enough; "": it isn't. Nothing
// is refused for it: those that find room run, the others wait.
func (b Bounds) TooManyPrograms(def *definition.Service) string {
	hard, known := b.Hard["nofile"]
	if !known {
		return ""
	}
	need, fit := uint64(ownFiles), 0
	for i := range def.Programs {
		if need += filesFor(&def.Programs[i]); need <= hard {
			fit++
		}
	}
	if need <= hard {
		return ""
	}
	return fmt.Sprintf("%d programs need %d open files, and the hard limit that daruma's processes have is %d, enough for %d: "+
		"raise it (systemctl edit %s: [Service] LimitNOFILE=%d; in a terminal as root: ulimit -n %d)", len(def.Programs), need, hard, fit, def.Name, need, need)
}
