package keeper

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// maxStacks bounds what is copied, in bytes: some 10,000 goroutines.
const maxStacks = 16 << 20

// saveStacks keeps the stacks of a supervisor that crashed or hung, in the state folder.
func (k *keeper) saveStacks(pid int) {
	from := wire.StacksFile(k.cfg.Folders.Run, pid)
	info, err := os.Lstat(from)
	if err != nil {
		return
	}
	if info.Size() == 0 || !info.Mode().IsRegular() {
		_ = os.Remove(from)
		return
	}
	k.dropStacks()
	name := fmt.Sprintf("supervisor-%s-%d.txt", time.Now().UTC().Format("20060102T150405Z"), pid)
	if err := os.Rename(from, filepath.Join(k.cfg.Folders.State, name)); err != nil { // on another disk
		if data, err := safefile.ReadFile(from, maxStacks); err == nil {
			_ = safefile.Replace(filepath.Join(k.cfg.Folders.State, name), data, 0o600)
			_ = os.Remove(from)
		}
	}
}

// keptStacks is how many saved stacks are kept: a supervisor that crashes twice a second mustn't fill the disk with them.
const keptStacks = 10

// dropStacks makes room for one more. The names sort by time.
func (k *keeper) dropStacks() {
	files, _ := filepath.Glob(filepath.Join(k.cfg.Folders.State, "supervisor-*.txt"))
	for n := 0; n <= len(files)-keptStacks; n++ {
		_ = os.Remove(files[n])
	}
}

// clearStacks removes what supervisors left that were killed together with their keeper: a successor of the same pid
// couldn't make its own.
func (k *keeper) clearStacks() {
	files, _ := filepath.Glob(filepath.Join(k.cfg.Folders.Run, "stacks-*.txt"))
	for _, f := range files {
		_ = os.Remove(f)
	}
}
