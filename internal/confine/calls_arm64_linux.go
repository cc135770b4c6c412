//go:build linux && arm64

package confine

import "golang.org/x/sys/unix"

func auditArch() (arch uint32, ok bool) { return unix.AUDIT_ARCH_AARCH64, true }

// neverCalledHere are calls like [neverCalled]'s that not every processor has.
func neverCalledHere() []uint32 { return []uint32{unix.SYS_KEXEC_FILE_LOAD} }

func (a *assembler) filesHere() {}
