// Package process reads the memory figures of processes, and sets up what this process does on signals and where it writes its stacks when it
// crashes.
package process

// IgnoreOutputSignals keeps signals about output and the console from ending this process.
func IgnoreOutputSignals() { ignoreOutputSignals() }

// ResidentBytes is how much memory of a process is in RAM, shared pages included (Windows: its working set); 0 where that isn't
// known.
func ResidentBytes(pid int) int64 { return residentBytes(pid) }
