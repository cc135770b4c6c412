//go:build linux && amd64

package confine

import "golang.org/x/sys/unix"

func auditArch() (arch uint32, ok bool) { return unix.AUDIT_ARCH_X86_64, true }

// neverCalledHere are calls like [neverCalled]'s that not every processor has.
func neverCalledHere() []uint32 {
	return []uint32{unix.SYS_CREAT, unix.SYS_CHMOD, unix.SYS_FORK, unix.SYS_VFORK, unix.SYS_IOPL, unix.SYS_IOPERM, unix.SYS_MODIFY_LDT,
		unix.SYS_MKNOD, unix.SYS_CHOWN, unix.SYS_LCHOWN,
		unix.SYS_KEXEC_FILE_LOAD}
}

// filesHere is for the calls on files that the newer processors don't have.
func (a *assembler) filesHere() { a.opens(unix.SYS_OPEN, offsetArg1) }
