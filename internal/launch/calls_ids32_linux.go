//go:build linux && (386 || arm)

package launch

import "syscall"

// The calls without 32 take 16-bit ids here.
const (
	sysSetgroups = syscall.SYS_SETGROUPS32
	sysSetresgid = syscall.SYS_SETRESGID32
	sysSetresuid = syscall.SYS_SETRESUID32
	sysGeteuid   = syscall.SYS_GETEUID32
)
