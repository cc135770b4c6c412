// Package confine takes from daruma's own processes what they don't need, so that less is lost where one of them is taken over.
//
// On Linux keeper and supervisor can't be reached into by other processes of their account: init makes them undumpable. And the
// supervisor, which reads what programs, servers and people write, gets nothing that it doesn't need. [Start] is the keeper's part, for
// what a process must have from its first instruction on, and [Self] the supervisor's:
//
//	capabilities   none; of root's, the right to read all files, and without a cgroup that to signal programs
//	Landlock       it writes beneath its own folders and nowhere else, where the kernel has it
//	seccomp        no system call that starts a process, reaches into another, mounts, loads or changes who it is
//
// Windows has none of it: there keeper and supervisor have the rights of the service's account.
package confine

// Variable is the environment variable in which the keeper says to the supervisor what [Start] couldn't do; empty: everything was done.
const Variable = "DARUMA_CONFINED"
