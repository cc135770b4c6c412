package realtest

import (
	"errors"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/control"
	"github.com/daruma-sh/daruma/internal/incident"
)

// load asks the program from several sides, each 200 times a second, until stop is called, which gives the number of
// answers and the first failure.
func load(r real, port int) (stop func() (int64, error)) {
	var answers atomic.Int64
	var first error
	var once sync.Once
	var group sync.WaitGroup
	end := make(chan struct{})
	for range 4 {
		group.Go(func() {
			beat := time.NewTicker(5 * time.Millisecond)
			defer beat.Stop()
			for {
				select {
				case <-end:
					return
				case <-beat.C:
				}
				if err := r.asks(port); err != nil {
					once.Do(func() { first = err })
					return
				}
				answers.Add(1)
			}
		})
	}
	return func() (int64, error) {
		close(end)
		group.Wait()
		return answers.Load(), first
	}
}

func TestDeathOfTheSupervisorDisturbsNobody(t *testing.T) {
	each(t, func(t *testing.T, r real, dir string, port int) {
		s, before := up(t, r, dir, port)
		stop := load(r, port)
		for range 3 {
			st, _ := s.status("it")
			if err := syscall.Kill(st.SupervisorPID, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			s.eventually("a new supervisor", func() bool {
				now, err := s.client.Status(t.Context())
				return err == nil && now.SupervisorPID != st.SupervisorPID
			})
		}
		answers, err := stop()
		if err != nil || answers == 0 {
			t.Errorf("%d requests were answered while supervisors died, then: %v", answers, err)
		}
		st, now := s.status("it")
		if now.PID != before.PID || now.Generation != before.Generation || !now.Ready || now.Restarts != 0 {
			t.Errorf("before %+v, now %+v: want the same run, still ready", before, now)
		}
		if st.SupervisorRestarts != 3 {
			t.Errorf("status counts %d replaced supervisors, want 3", st.SupervisorRestarts)
		}
	})
}

func TestDeathOfTheKeeperLeavesNoOrphan(t *testing.T) {
	each(t, func(t *testing.T, r real, dir string, port int) {
		s, p := up(t, r, dir, port)
		st, _ := s.status("it")
		// The program's own tree is listed too: a child in a session of its own may not be a descendant of the keeper.
		tree := append(descendants(t, st.KeeperPID), descendants(t, p.PID)...)
		if err := syscall.Kill(st.KeeperPID, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		s.eventually("no process of the service is left", func() bool {
			for _, one := range tree {
				if one.lives() {
					return false
				}
			}
			return true
		})
		select {
		case <-s.ended:
		case <-time.After(patience):
			t.Fatal("`daruma run` outlives its keeper")
		}
		again, now := up(t, r, dir, port)
		if now.PID == p.PID {
			t.Errorf("pid %d again", now.PID)
		}
		if _, err := again.client.Status(t.Context()); errors.Is(err, control.ErrNotRunning) {
			t.Error(err)
		}
		if i := again.awaitRecovered(); i.Kind != incident.Keeper || i.Program != "it" || i.RecoveredGeneration != 1 {
			t.Errorf("the incident is %+v", i)
		}
	})
}

// An ordinary user has no cgroup. nginx' workers write their title over their environment, so that only their session
// says to whom they belong once the keeper and the master are dead.
func TestDeathOfTheKeeperWithoutCgroupsLeavesNoOrphan(t *testing.T) {
	needRoot(t) // to become somebody else
	for _, r := range programs() {
		t.Run(r.name, func(t *testing.T) {
			require(t, r.needs...)
			t.Parallel()
			port := freePort(t)
			s, _ := asUser(t, func(dir string) string {
				defer func() {
					if err := os.Chmod(dir, 0o777); err != nil { // for nginx' own files
						t.Error(err)
					}
				}()
				return definition(r.settle(t, dir, port, false))
			})
			s.awaitReady("it", 0)
			st, p := s.status("it")
			tree := append(descendants(t, st.KeeperPID), descendants(t, p.PID)...)
			if err := syscall.Kill(st.KeeperPID, syscall.SIGKILL); err != nil {
				t.Fatal(err)
			}
			<-s.ended
			wantEnded(s, tree)
			if err := r.asks(port); err == nil {
				t.Error("it answers still")
			}
		})
	}
}
