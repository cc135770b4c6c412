// Package lab gives tests real machines: Windows services under Wine's Service Control Manager, a Linux that systemd has
// booted, and a Linux with a kernel of its own whose power can be cut. They are built on demand from Debian's packages, cached
// between runs, and nothing is installed on the host. docs/lab.md says what each can show, what it can't, and what it costs.
//
//	m := lab.Windows(t)                          // or lab.Linux(t), lab.Kernel(t): booted when it returns
//	m.Copy(exe, `C:\svc\hello.exe`)
//	m.Output(`C:\svc\hello.exe`, "install")      // fails the test unless the exit code is 0
//	r, err := m.Run(ctx, "sc", "query", "hello") // any exit code; the context ends the command with its whole tree
//	m.Reboot()                                   // orderly; m.CutPower() and m.Boot() are the other way
//
// A machine ends with its test and leaves no process, mount, cgroup or file behind, also when the test process is killed: all
// of it lives in namespaces whose first process reads a pipe from the test process, and files are on a tmpfs in there. Several
// machines at once, each with a loopback network of its own, don't see each other.
//
// What a machine needs and the host lacks is a skip that names it, and with DARUMA_CI=1 a failure.
package lab
