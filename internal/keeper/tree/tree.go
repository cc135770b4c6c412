// Package tree holds process trees together: all processes of a run, those with double forks and sessions of their own included, so that
// they can be stopped, counted and killed as one.
//
// On Windows each run has a [Job], a job object that no process leaves. On Linux each program has a [Tree]: a cgroup, where the keeper may
// make one; where not, the keeper is the subreaper of everything that its programs leave behind, and knows it by session and by
// DARUMA_RUN in its environment. A process that nothing holds together with its run any more is an orphan.
package tree

// Keeper is what a supervisor knows of its keeper: see [KillOrphans].
type Keeper struct {
	PID    int
	Cgroup string // folder of the cgroup that holds the trees; "": there is none
	Mark   string // begins the value of DARUMA_RUN in the environment of everything this keeper started
}
