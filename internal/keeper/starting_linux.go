package keeper

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// stuckText says of a start that was given up why it isn't over.
const stuckText = "its process was killed and doesn't end: it is stuck in the kernel"

// awaitExec has the loop see how the exec of a run went that the launcher is preparing.
func (k *keeper) awaitExec(p *program, r *run) error {
	r.starting = true
	r.late = lateStart{at: r.At + k.startLimit, since: r.At}
	k.starting[p] = struct{}{}
	return k.poll.Add(r.launching.Status, unix.EPOLLIN, func() { k.launcherSaid(p, r) })
}

// launcherSaid is called when the launcher's status pipe has something new. A failed start is reported once the process is gone.
func (k *keeper) launcherSaid(p *program, r *run) {
	if r.launching.Status < 0 {
		return
	}
	done, err := r.launching.Outcome()
	if !done {
		return
	}
	k.poll.Remove(r.launching.Status)
	r.launching.Close()
	if r.failed != "" { // it was us who ended it: its end in the midst of execve looks like a success
		return
	}
	if err != nil {
		r.failed = err.Error()
		return
	}
	r.starting = false
	delete(k.starting, p)
	if !r.greeted {
		k.reportStarted(p)
	}
}

// executable is the path of the program's executable, from the root.
func (l *launchable) executable() string {
	if filepath.IsAbs(l.plan.Path) {
		return l.plan.Path
	}
	return filepath.Join(l.plan.Dir, l.plan.Path)
}

// heldUp gives the question who holds up the start of a run. With patient, a process that works or waits for a disk counts as busy.
func (r *run) heldUp(executable string, patient bool) func() (why string, busy bool) {
	h := heldStart{pid: r.PID, executable: executable, inExec: r.launching.InExec()}
	return func() (string, bool) { return h.why(patient) }
}

// heldStart is a process that doesn't come to its exec.
type heldStart struct {
	pid        int
	executable string
	inExec     bool
}

func (h *heldStart) why(patient bool) (why string, busy bool) {
	state, uid := processState(h.pid)
	if state == 'T' || state == 't' {
		return fmt.Sprintf("its process (pid %d) was stopped by a signal (SIGSTOP or the like) before it became %s. Only user %d and root can send it one: "+
			"see what else runs as that user (ps -u %d)", h.pid, h.executable, uid, uid), false
	}
	if holder, owner, ok := leaseHolder(h.executable); ok && h.inExec {
		return fmt.Sprintf("process %d holds a lease on %s, and until it gives that up the kernel lets nobody execute the file (F_SETLEASE in fcntl(2)). "+
			"Only the file's owner can take one (user %d): end process %d, or give the file to root", holder, h.executable, owner, holder), false
	}
	if patient && (state == 'R' || state == 'D') {
		return "", true
	}
	if !h.inExec {
		return fmt.Sprintf("its process (pid %d) waits for something before it becomes %s; is its folder on a file system that doesn't answer?", h.pid, h.executable), false
	}
	return fmt.Sprintf("the kernel hasn't executed %s so far; is it, or its interpreter, on a file system that doesn't answer, or does somebody hold a lease on it "+
		"(see /proc/locks)?", h.executable), false
}

// processState gives the state of a process as in proc_pid_stat(5), and its user; 0 where there is none.
func processState(pid int) (state byte, uid int) {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, 0
	}
	for line := range bytes.Lines(data) {
		if value, ok := bytes.CutPrefix(line, []byte("State:\t")); ok && len(value) > 0 {
			state = value[0]
		}
		if value, ok := bytes.CutPrefix(line, []byte("Uid:\t")); ok {
			first, _, _ := bytes.Cut(value, []byte("\t"))
			uid, _ = strconv.Atoi(string(first))
		}
	}
	return state, uid
}

// leaseHolder finds who holds a lease on a file that somebody waits for, and the file's owner.
func leaseHolder(path string) (pid, owner int, ok bool) {
	var file unix.Stat_t
	data, err := os.ReadFile("/proc/locks")
	if err != nil || unix.Stat(path, &file) != nil {
		return 0, 0, false
	}
	// "3: LEASE  BREAKING  READ 4711 fe:00:123 0 EOF". Source: proc_locks(5)
	id := fmt.Sprintf("%02x:%02x:%d", unix.Major(file.Dev), unix.Minor(file.Dev), file.Ino)
	for line := range strings.Lines(string(data)) {
		f := strings.Fields(line)
		if len(f) > 5 && f[1] == "LEASE" && f[2] == "BREAKING" && f[5] == id {
			pid, _ = strconv.Atoi(f[4])
			return pid, int(file.Uid), true
		}
	}
	return 0, 0, false
}
