package keeper

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/monotonic"
)

// The keeper's own upgrade, in these steps:
//
//  1. The new file is started once as a child, with the command line and the files that it would take over, and tries (check_linux.go): what is
//     found here has changed nothing.
//  2. The supervisor is told and ends in order. A start of a program that is under way is waited for.
//  3. The keeper writes down what it holds (handover_linux.go) and executes the new file in the main thread: execve(2) keeps the pid, the
//     children with their parent-death signals, the cgroup and every file that isn't closed at exec, so nobody notices.
//  4. The new image takes all of that up (resume_linux.go) and starts a supervisor. The old image, open as a file, goes over too: where the
//     new one isn't up in time, can't read what it was handed, or panics, it executes the old one the same way back.

const upgradeKind = wire.UpgradeKeeper

// platformUpgrade is the part of an upgrade that is Linux's.
type platformUpgrade struct {
	check     checkProcess
	to        string      // version of the new file, as it says
	image     int         // file: the executable that is to take over; -1: none
	old       int         // file: the executable that this one took over from, in probation; -1: none
	candidate wire.FileID // of the new file
	refused   wire.FileID // a new file that the way led back from: supervisors aren't started from it
	tookOver  uint64      // sessions when probation began
	signals   lateSignals // while this image is about to be replaced
	up        bool        // in probation: its supervisor is up
}

func newPlatformUpgrade() platformUpgrade {
	return platformUpgrade{image: -1, old: -1, check: checkProcess{pidfd: -1, said: -1}}
}

// beginUpgrade begins to check the file on disk.
func (k *keeper) beginUpgrade() {
	u := &k.up
	same, err := k.openCandidate()
	switch {
	case same: // in probation, that goes on
		k.send(&wire.UpgradeAnswer{UpToDate: true})
		return
	case err != nil:
		k.send(&wire.UpgradeAnswer{Error: upgradeText(k.runs.Path, err)})
		return
	}
	if err := k.startCheck(); err != nil {
		k.dropImages()
		k.refuseUpgrade(upgradeText(k.runs.Path, err))
		return
	}
	u.enter(checking, checkLimit)
}

// openCandidate opens the file on disk, and says whether it is the one that runs. From then on it is that file, whatever gets its name.
func (k *keeper) openCandidate() (same bool, err error) {
	fd, err := unix.Open(k.runs.Path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return false, err
	}
	own, err := runningFile()
	id, err2 := fileID(fd)
	if err = errors.Join(err, err2); err == nil && own != id && isScript(fd) {
		err = errors.New("it is a script, and the keeper can become daruma's own executable only: put that there")
	}
	if err != nil || own == id {
		unix.Close(fd)
		return err == nil, err
	}
	k.dropImages() // in probation: what this image replaced isn't gone back to any more
	k.up.image, k.up.candidate = fd, id
	return false, nil
}

func (k *keeper) dropImages() {
	for _, fd := range []*int{&k.up.image, &k.up.old} {
		if *fd >= 0 {
			unix.Close(*fd)
			*fd = -1
		}
	}
}

// fileID identifies an open executable.
func fileID(fd int) (id wire.FileID, err error) {
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return id, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG {
		return id, errors.New("it is no file")
	}
	return idOf(&st), nil
}

// isScript says whether the file begins as one. Its interpreter would find nothing where the keeper executes it: the file is closed by then.
func isScript(fd int) bool {
	readable, err := unix.Open("/proc/self/fd/"+strconv.Itoa(fd), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil { // then the check finds out
		return false
	}
	defer unix.Close(readable)
	var begin [2]byte
	n, _ := unix.Pread(readable, begin[:], 0)
	return string(begin[:max(n, 0)]) == "#!"
}

func idOf(st *unix.Stat_t) wire.FileID {
	return wire.FileID{Dev: uint64(st.Dev), Ino: st.Ino, Size: st.Size, Modified: st.Mtim.Nano()}
}

func runningFile() (id wire.FileID, err error) {
	var st unix.Stat_t
	if err := unix.Stat("/proc/self/exe", &st); err != nil {
		return id, fmt.Errorf("/proc/self/exe: %w", err)
	}
	return idOf(&st), nil
}

// busyStarting says whether something is under way that can't be handed over.
func (k *keeper) busyStarting() bool { return len(k.starting) > 0 || k.allowed.reading }

// checkUpgrade goes on with an upgrade.
func (k *keeper) checkUpgrade() {
	u := &k.up
	late := u.deadline > 0 && monotonic.Now() >= u.deadline
	if (u.phase == checking || u.phase == waiting) && (k.stops > 0 || k.ending) {
		k.endCheck()
		k.dropImages()
		k.refuseUpgrade("the service is stopping") // its supervisor has programs to stop, and must not leave now
		return
	}
	switch u.phase {
	case noUpgrade:
	case checking:
		if late {
			k.endCheck()
			k.dropImages()
			k.refuseUpgrade(upgradeText(k.runs.Path, errors.New("it hasn't said within "+checkLimit.String()+" whether it can take over")))
		}
	case waiting:
		if !k.busyStarting() && stuckThread() == 0 {
			k.acceptUpgrade(u.to, true)
		} else if !late {
			u.tryAt = monotonic.Now() + tryAgain // nothing tells when a thread is free
		} else {
			k.dropImages()
			k.refuseUpgrade("a program has been on its way to its start, or daruma has waited for a disk, for " + checkLimit.String() + ": try again later")
		}
	case leaving:
		u.signals.follow()
		k.checkLeaving()
	case takingOver:
		if monotonic.Now() >= u.tryAt {
			k.replaceImage()
		}
	case probation:
		switch {
		case !late:
		case u.up:
			k.dropImages()
			u.enter(noUpgrade, 0)
		case k.allowed.reading: // a disk that is slow holds the supervisor's messages up, and would the old one's
			u.deadline = k.allowed.deadline + leaveLimit
		default:
			k.goBack("the new daruma's supervisor wasn't up after " + probationLimit.String())
		}
	case goingBack:
		if late { // it is stuck in the kernel: no successor could have its socket
			u.deadline = 0
		}
	}
}

// supervisorUp is called when the supervisor has taken over and its loop runs.
func (k *keeper) supervisorUp() { k.up.up = true }

// upgradeLostSupervisor notes the end of a supervisor that wasn't asked to end.
func (k *keeper) upgradeLostSupervisor() bool {
	switch u := &k.up; u.phase {
	case checking, waiting: // who asked is gone
		k.endCheck()
		k.dropImages()
		u.enter(noUpgrade, 0)
	case probation:
		if k.sessions-u.tookOver < probationTries || k.stops > 0 || k.ending {
			return false
		}
		why := fmt.Sprintf("the new daruma's supervisors ended %d times; the last: %s", probationTries, k.sup.why)
		k.backOutcome(why)
		u.enter(takingOver, checkLimit)
		return true
	}
	return false
}

// goBack ends the supervisor of this image, which is in probation, and executes the old one.
func (k *keeper) goBack(why string) {
	k.backOutcome(why)
	if k.sup.pid == 0 {
		k.sup.startAt = 0 // the old image starts the next one: one of this image would take the exec for its keeper's death
		k.up.enter(takingOver, checkLimit)
		return
	}
	k.up.enter(goingBack, leaveLimit)
	k.sup.kill()
}

// backOutcome notes that this image gives up.
func (k *keeper) backOutcome(why string) {
	u := &k.up
	u.last.Error = why
	u.last.Wall = time.Now().UnixNano()
	u.sessions += k.sessions - u.tookOver
	u.candidate, _ = runningFile()
}

// executable is this process' own: by path, so that a new version is taken, or with running, where the path is gone, and where a way back
// led from the file there, the file that runs.
func (k *keeper) executable(running bool) string {
	var st unix.Stat_t
	if path := k.runs.Path; path != "" && !running && unix.Stat(path, &st) == nil && idOf(&st) != k.up.refused {
		return path
	}
	return "/proc/self/exe"
}

// stuckThread gives the number of a thread of this process that waits for a disk, or 0. execve(2) would wait for it.
func stuckThread() int {
	threads, _ := os.ReadDir("/proc/self/task")
	for _, thread := range threads {
		stat, err := os.ReadFile("/proc/self/task/" + thread.Name() + "/stat")
		if _, state, ok := strings.Cut(string(stat), ") "); err == nil && ok && strings.HasPrefix(state, "D") {
			number, _ := strconv.Atoi(thread.Name())
			return number
		}
	}
	return 0
}
