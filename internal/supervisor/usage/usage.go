// Package usage reads what the processes of programs use: processor time, memory, how many they are and how many files they have open.
// Nothing is read but when somebody asks.
//
// The supervisor has no rights over programs, so this is what the system tells everybody. What it doesn't tell is left out.
package usage

import "time"

// Tree is what a program's processes use together.
type Tree struct {
	CPU       time.Duration // used so far; with a cgroup by all runs that it held, else by the present run
	Memory    int64         // bytes in RAM, those that processes share counted in each; 0: unknown
	Processes int
	Files     int // open files, sockets and pipes (Windows: handles); 0: unknown
}

// Main is the main process of a program that runs.
type Main struct {
	Program string
	PID     int
}

// Of gives for each main process what its tree uses; one that the system says nothing of is left out. base is the folder of the service's
// cgroup, "" where it has none: then a tree is the descendants of the main process and, on Linux, what is in its session.
func Of(base string, mains []Main) map[string]Tree {
	if len(mains) == 0 {
		return nil
	}
	return of(base, mains)
}
