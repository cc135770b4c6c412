package keeper

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/monotonic"
	"github.com/daruma-sh/daruma/internal/version"
)

// upgradeKind: a process can't become another program here, and with the keeper its job objects would end, and the programs in them.
const upgradeKind = wire.UpgradeSupervisor

type platformUpgrade struct {
	ran      version.Executable // the file on disk when the present supervisor was started by an upgrade
	tookOver uint64             // sessions when probation began
	refused  version.Executable // a file whose supervisors didn't come up: no other is started from it
}

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
	k.up.refused = version.Executable{}
	k.acceptUpgrade("", false)
}

// checkUpgrade goes on with an upgrade: the next supervisor is of the file on disk, and of the running one where that doesn't come up.
func (k *keeper) checkUpgrade() {
	u := &k.up
	k.checkLeaving()
	switch {
	case u.phase == takingOver:
		u.enter(probation, probationLimit)
		u.sessions++
		u.tookOver = k.sessions
		k.startNext()
	case u.phase == probation && monotonic.Now() >= u.deadline:
		k.upgradeFailed("the new daruma's supervisor wasn't up after " + probationLimit.String())
		k.sup.kill()
	}
}

// supervisorUp ends the probation.
func (k *keeper) supervisorUp() {
	if k.up.phase == probation {
		k.up.enter(noUpgrade, 0)
	}
}

// upgradeLostSupervisor notes the end of a supervisor that wasn't asked to end. The next one is started as after any.
func (k *keeper) upgradeLostSupervisor() bool {
	if u := &k.up; u.phase == probation && k.stops == 0 && k.sessions-u.tookOver >= probationTries {
		k.upgradeFailed(fmt.Sprintf("the new daruma's supervisors ended %d times; the last: %s", probationTries, k.sup.why))
	}
	return false
}

// upgradeFailed has supervisors be of the file that the keeper runs, as long as the one on disk is the one that failed.
func (k *keeper) upgradeFailed(why string) {
	u := &k.up
	u.last.Error, u.last.Wall, u.news = why, time.Now().UnixNano(), true
	u.sessions += k.sessions - u.tookOver
	u.refused, u.ran = u.ran, version.Executable{}
	u.enter(noUpgrade, 0)
}

// fileRefused says whether the file on disk is one whose supervisors didn't come up.
func (k *keeper) fileRefused() bool { return k.up.refused.Path != "" && !k.up.refused.Replaced() }
