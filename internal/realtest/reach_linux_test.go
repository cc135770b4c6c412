package realtest

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strconv"
	"syscall"
	"testing"

	"github.com/daruma-sh/daruma/internal/testprog/testbin"
)

// reach has a process of the account 54322, which asUser gives to services, try each way into pid. It gives what each way said; "":
// it worked.
func reach(t *testing.T, pid int) map[string]string {
	t.Helper()
	cmd := exec.Command(testbin.Path(t), "reach", strconv.Itoa(pid))
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 54322, Gid: 54322, NoSetGroups: true}}
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("reach: %v: %s", err, out)
	}
	var found map[string]map[string]string
	if err := json.Unmarshal(out, &found); err != nil {
		t.Fatalf("reach printed %q: %v", out, err)
	}
	return found[strconv.Itoa(pid)]
}

// TestNobodyReachesIn: a program under the service's own account can neither trace keeper and supervisor, nor read their memory and
// environment, nor take the files they have open. It can all that with a process that didn't close itself.
func TestNobodyReachesIn(t *testing.T) {
	needRoot(t) // to become somebody else
	s, _ := asUser(t, func(string) string {
		return fmt.Sprintf("name: real\nprograms:\n  it: {command: [%s, hang]}\n", testbin.Path(t))
	})
	s.awaitReady("it", 0)
	st, p := s.status("it")
	for way, said := range reach(t, p.PID) {
		if said != "" {
			t.Errorf("%s on a program of the same account: %s; the attack must work to show anything", way, said)
		}
	}
	refused := func(who string, pid int) {
		t.Helper()
		ways := reach(t, pid)
		if len(ways) < 9 {
			t.Errorf("%s: only %d ways were tried", who, len(ways))
		}
		for way, said := range ways {
			if said == "" {
				t.Errorf("%s gets into the %s", way, who)
			}
		}
	}
	refused("keeper", st.KeeperPID)
	refused("supervisor", st.SupervisorPID)
	kill(t, st.SupervisorPID)
	s.eventually("a successor", func() bool {
		now, err := s.client.Status(t.Context())
		return err == nil && now.SupervisorPID != st.SupervisorPID
	})
	next, _ := s.status("it")
	refused("supervisor's successor", next.SupervisorPID)
}

// TestStoppedSupervisorOfAnOrdinaryUser: a supervisor that stands still while its keeper is killed can't be read by an ordinary user's
// next keeper, which ends it all the same: it holds the control socket.
func TestStoppedSupervisorOfAnOrdinaryUser(t *testing.T) {
	needRoot(t) // to become somebody else
	s, dir := asUser(t, func(string) string { return hanging(t) })
	s.awaitReady("it", 0)
	st, _ := s.status("it")
	old, _ := look(st.SupervisorPID)
	suspend(t, st.SupervisorPID)
	kill(t, st.KeeperPID)
	t.Cleanup(func() {
		if old.lives() {
			kill(t, old.pid)
		}
	})
	s.eventually("the keeper is gone", func() bool {
		now, ok := look(st.KeeperPID)
		return !ok || now.state == "Z"
	})
	next := through(t, dir, hanging(t), []string{"HOME=" + dir}, "setpriv", "--reuid", "54322", "--regid", "54322", "--clear-groups")
	next.awaitReady("it", 0)
	if now, _ := look(old.pid); old.lives() && now.state != "Z" {
		t.Errorf("the old supervisor is still there: %v", now)
	}
}
