package tree

import (
	"os"
	"time"

	"github.com/daruma-sh/daruma/internal/monotonic"
)

// KillOrphans ends what a keeper left that died without being able to. The supervisor calls it when its Link breaks.
// What it can't reach, the next keeper ends. mains are the pids of the runs that lived.
//
// Without a cgroup, parent-death signals end the main processes, and the mark in the environment says who else belongs to
// them. But a program that shows a title in ps (nginx, PostgreSQL) has written it over its environment: its children are
// known by their session, whose number is the main process's.
//
// Nothing happens where the keeper turns out to live: not every broken Link is a dead keeper.
func KillOrphans(k Keeper, mains []int) {
	// The kernel closes a dying process' files first and gives its children away last.
	for end := monotonic.Now() + 2*time.Second; os.Getppid() == k.PID; time.Sleep(time.Millisecond) {
		if monotonic.Now() > end {
			return
		}
	}
	if k.Cgroup != "" {
		RemoveCgroup(k.Cgroup)
		return
	}
	ours := orphans{mark: k.Mark + "/", prefix: true}
	ours.kill()
	if ours.sessions = leaderless(mains, time.Second); len(ours.sessions) > 0 {
		ours.kill()
	}
}

// leaderless gives the sessions that have lost their leader, and waits up to within for those about to lose it. While a
// session has members its number is given to nobody else, so a leader that lives on is a stranger who got the number.
func leaderless(leaders []int, within time.Duration) map[int]bool {
	lost := map[int]bool{}
	for end := time.Now().Add(within); ; time.Sleep(time.Millisecond) {
		for _, pid := range leaders {
			if p, ok := readProcess(pid); !ok || p.dead {
				lost[pid] = true
			}
		}
		if len(lost) == len(leaders) || time.Now().After(end) {
			return lost
		}
	}
}
