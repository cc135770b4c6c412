package keeper

import (
	"errors"
	"os"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/version"
)

// upgradeKind: a process can't become another program here, and with the keeper its job objects would end, and the programs in them.
const upgradeKind = wire.UpgradeSupervisor

type platformUpgrade struct{ ran version.Executable } // the file on disk when the present supervisor was started by an upgrade

func newPlatformUpgrade() platformUpgrade { return platformUpgrade{} }

// resume: no image takes a process over here.
func resume(Config) (code int, resumed bool) { return 0, false }

// HandedOver says whether this process was a keeper already, of another image: never on Windows.
func HandedOver() bool { return false }

// CheckResume: likewise.
func CheckResume(Config) (code int, asked bool) { return 0, false }

// CheckHandover: nothing is handed over here.
func CheckHandover() int { return 1 }

// beginUpgrade replaces the supervisor by one of the file on disk. The keeper takes that at its next start.
func (k *keeper) beginUpgrade() {
	now := k.runs
	if k.up.ran.Path != "" {
		now = k.up.ran
	}
	if !now.Replaced() {
		k.send(&wire.UpgradeAnswer{UpToDate: true})
		return
	}
	info, err := os.Stat(k.runs.Path)
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("it is no file")
	}
	if err != nil {
		k.send(&wire.UpgradeAnswer{Error: upgradeText(k.runs.Path, err)})
		return
	}
	k.up.ran = version.Executable{Path: k.runs.Path, Modified: info.ModTime(), Size: info.Size()}
	k.acceptUpgrade("", false)
}

func (k *keeper) upgradeLostSupervisor() bool { return false }

// checkUpgrade goes on with an upgrade: the next supervisor is of the file on disk, and of the running one where that doesn't start.
func (k *keeper) checkUpgrade() {
	k.checkLeaving()
	if k.up.phase == takingOver {
		k.up.enter(noUpgrade, 0)
		k.up.sessions++
		k.startNext()
	}
}

func (k *keeper) supervisorUp() {}
