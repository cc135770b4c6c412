package keeper

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/daruma-sh/daruma/internal/keeper/poll"
	"github.com/daruma-sh/daruma/internal/version"
)

// Nothing guards an image from its exec to the moment in which it can go back: if it ends there, so do the programs. So it is tried out
// before, as a child. That gets what the image would get: the same arguments, the same files under the same numbers, and what is held. It takes
// that up, writes it down as it would for the way back, has the old image read that, and says how it went. What a new version gets wrong
// on its way there, an argument that it doesn't know, an init that panics, a form that the old image doesn't read, is found with nothing changed.

// checkVariable tells an image, beside handoverVariable, that it is only to try.
const checkVariable = "DARUMA_HANDOVER_CHECK"

// understands begins what a process that checks prints: its version follows.
const understands = "takes over: "

// maxSaid is how much of what it prints is kept, in bytes. Package flag prints all flags, and Go all goroutines, but the reason first.
const maxSaid = 4 << 10

// checkProcess is the new file, saying whether it understands.
type checkProcess struct {
	pid, pidfd int
	said       int // file: what it prints
}

// startCheck starts the new file with all that it would be handed.
func (k *keeper) startCheck() error {
	u := &k.up
	if err := k.openRunning(); err != nil {
		return err
	}
	held, err := k.writeHeld()
	if err != nil {
		return err
	}
	defer unix.Close(held)
	if u.check.said, err = boundedFile(); err != nil {
		return err
	}
	files, image, err := k.checkFiles(held)
	if err != nil {
		k.endCheck()
		return err
	}
	defer unix.Close(image)
	env := slices.DeleteFunc(withoutHandover(k.supervisorEnv()), func(v string) bool {
		return strings.HasPrefix(v, "NOTIFY_SOCKET=") // systemd isn't its business
	})
	attr := &syscall.ProcAttr{
		Env:   append(env, handoverVariable+"="+strconv.Itoa(held)+","+strconv.Itoa(u.old), checkVariable+"=1"),
		Files: files,
		Sys:   &syscall.SysProcAttr{Setpgid: true, PidFD: &u.check.pidfd, Pdeathsig: unix.SIGKILL},
	}
	releaseOwnSignals()
	u.check.pid, err = syscall.ForkExec("/proc/self/fd/"+strconv.Itoa(image), os.Args, attr)
	if err == nil {
		err = k.poll.Add(u.check.pidfd, unix.EPOLLIN, k.checkEnded)
	}
	if err != nil {
		k.endCheck()
	}
	return err
}

// openRunning opens the executable that runs, to go back to.
func (k *keeper) openRunning() (err error) {
	if k.up.old >= 0 {
		return nil
	}
	if k.up.old, err = unix.Open("/proc/self/exe", unix.O_PATH|unix.O_CLOEXEC, 0); err != nil {
		k.up.old = -1
	}
	return err
}

// boundedFile makes a file in memory that holds maxSaid bytes and no more: writing more fails.
func boundedFile() (int, error) {
	fd, err := unix.MemfdCreate("said", unix.MFD_CLOEXEC|unix.MFD_ALLOW_SEALING)
	if err != nil {
		return -1, err
	}
	err = unix.Ftruncate(fd, maxSaid)
	if err == nil {
		_, err = unix.FcntlInt(uintptr(fd), unix.F_ADD_SEALS, unix.F_SEAL_GROW|unix.F_SEAL_SEAL)
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// checkFiles gives the files of the process that checks, each under the number that it has here, and image, by which the new file is executed.
// That is closed at exec, as it is when the keeper executes it: so what is checked can't be replaced in between, and what needs its own file
// open, as a script does, fails here.
func (k *keeper) checkFiles(held int) (files []uintptr, image int, err error) {
	u := &k.up
	same := append(k.heldFiles(), held, u.old)
	last := max(slices.Max(same), 2) + 1
	image, err = unix.FcntlInt(uintptr(u.image), unix.F_DUPFD_CLOEXEC, last+1)
	if err != nil {
		return nil, -1, err
	}
	files = make([]uintptr, last+1)
	for i := range files {
		files[i] = ^uintptr(0) // closed
	}
	for _, fd := range same {
		if fd > 2 {
			files[fd] = uintptr(fd)
		}
	}
	files[0], files[1], files[2] = uintptr(k.null), uintptr(u.check.said), uintptr(u.check.said)
	files[last] = uintptr(image) // a copy, so that ForkExec, which takes numbers above all of these for itself, doesn't take image's
	return files, image, nil
}

// endCheck ends the process, if it hasn't ended.
func (k *keeper) endCheck() {
	c := &k.up.check
	if c.pidfd >= 0 {
		_ = unix.PidfdSendSignal(c.pidfd, unix.SIGKILL, nil, 0)
		k.poll.Remove(c.pidfd)
		unix.Close(c.pidfd)
		k.reapDue = true
	}
	if c.said >= 0 {
		unix.Close(c.said)
	}
	*c = checkProcess{pidfd: -1, said: -1}
}

// checkEnded is called when the process that checks seems to have ended.
func (k *keeper) checkEnded() {
	c := &k.up.check
	if c.pid == 0 {
		return
	}
	var status unix.WaitStatus
	if pid, err := unix.Wait4(c.pid, &status, unix.WNOHANG, nil); err != nil || pid == 0 {
		return
	}
	said := readSaid(c.said)
	k.endCheck()
	to, err := answerOf(status, said)
	if err != nil {
		k.dropImages()
		k.refuseUpgrade(upgradeText(k.runs.Path, err))
		return
	}
	k.up.to = to
	k.up.enter(waiting, checkLimit)
}

func readSaid(fd int) string {
	var buf [maxSaid]byte
	n, _ := unix.Pread(fd, buf[:], 0)
	return strings.Trim(string(buf[:max(n, 0)]), " \n\x00")
}

// answerOf gives the version of an image that was asked whether it can take over, or why it can't.
func answerOf(status unix.WaitStatus, said string) (to string, err error) {
	if status.ExitStatus() == 0 {
		for line := range strings.Lines(said) { // there may be others: a warning, or what GODEBUG has the runtime print
			if to, understood := strings.CutPrefix(strings.TrimSpace(line), understands); understood {
				return to, nil
			}
		}
	}
	why := endText(status) + " when it was asked whether it can take over"
	if said != "" {
		why += ", and said: " + said[:min(len(said), 500)]
	}
	return "", errors.New(why)
}

// CheckResume is the life of an image that is only to try to take a keeper's process over. asked is false in every other process. It is to be
// called as late as possible in what comes before [Main], but before the service manager is told anything.
func CheckResume(cfg Config) (code int, asked bool) {
	if os.Getenv(checkVariable) == "" {
		return 0, false
	}
	if err := tryResume(cfg); err != nil {
		fmt.Println(err)
		return 1, true
	}
	fmt.Println(understands + version.Version())
	return 0, true
}

// tryResume takes up what is held, as far as nobody notices it.
func tryResume(cfg Config) error {
	fd, old, err := handoverFiles()
	if err != nil {
		return err
	}
	h, err := readHeld(fd)
	if err != nil {
		return err
	}
	if h.keeper.PID != os.Getppid() {
		return errors.New(handoverVariable + " is set by another process: unset it")
	}
	k := newKeeper(cfg)
	if err := h.begin(k); err != nil {
		return err
	}
	if k.poll, err = poll.New(); err != nil {
		return err
	}
	if err := h.restore(k); err != nil {
		return err
	}
	if err := askOld(k, old); err != nil {
		return fmt.Errorf("there would be no way back to the daruma that runs: %w", err)
	}
	return nil
}

// askOld starts the old image, which says whether it can be executed, and whether it understands what this one would hand it.
func askOld(k *keeper, old int) error {
	held, err := k.writeHeld()
	if err != nil {
		return err
	}
	defer unix.Close(held)
	said, err := boundedFile()
	if err != nil {
		return err
	}
	defer unix.Close(said)
	image, err := unix.FcntlInt(uintptr(old), unix.F_DUPFD_CLOEXEC, 16)
	if err != nil {
		return err
	}
	defer unix.Close(image)
	pid, err := syscall.ForkExec("/proc/self/fd/"+strconv.Itoa(image), []string{"daruma", HandoverRole}, &syscall.ProcAttr{
		Env: os.Environ(), Files: []uintptr{0, uintptr(said), uintptr(said), uintptr(held), uintptr(image)},
		Sys: &syscall.SysProcAttr{Pdeathsig: unix.SIGKILL},
	})
	if err != nil {
		return err
	}
	var status unix.WaitStatus
	for _, err = unix.Wait4(pid, &status, 0, nil); err == unix.EINTR; _, err = unix.Wait4(pid, &status, 0, nil) {
	}
	if err != nil {
		return err
	}
	_, err = answerOf(status, readSaid(said))
	return err
}

// CheckHandover is the life of the process in the role HandoverRole: it says whether it understands what is written in its file 3. It gives
// the exit code.
func CheckHandover() int {
	if _, err := readHeld(3); err != nil {
		fmt.Println(err)
		return 1
	}
	fmt.Println(understands + version.Version())
	return 0
}
