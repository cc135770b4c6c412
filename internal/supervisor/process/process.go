// Package process is what the supervisor asks of the operating system about processes: about its own, signals and a file for a
// crash; about those of programs, their memory.
package process

// IgnoreOutputSignals keeps signals about output and the console from ending this process.
func IgnoreOutputSignals() { ignoreOutputSignals() }

// ResidentBytes is how much memory of a process is in RAM, shared pages included (Windows: its working set); 0 where that isn't
// known.
func ResidentBytes(pid int) int64 { return residentBytes(pid) }
