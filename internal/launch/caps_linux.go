package launch

import (
	"syscall"
	"unsafe"
)

// Options of prctl(2) that package syscall doesn't name.
const (
	prCapAmbient      = 47
	prCapAmbientRaise = 2
)

// capSets are a thread's capabilities, one bit for each.
type capSets struct{ effective, permitted, inheritable uint64 }

// capMask is the set of names; ALL is every bit.
func capMask(names []string) uint64 {
	var mask uint64
	for _, n := range names {
		if n == allCaps {
			return ^uint64(0)
		}
		if number, ok := capNumber(n); ok {
			mask |= 1 << number
		}
	}
	return mask
}

// dropBounding takes what the program may never get out of the bounding set: it limits what a file's capabilities, or
// being root, give at exec.
func (p *Plan) dropBounding() *Error {
	add := capMask(p.AddCaps)
	drop := capMask(p.DropCaps) &^ add
	if add == 0 && drop == 0 {
		return nil
	}
	for c := 0; c < 64; c++ {
		has, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, syscall.PR_CAPBSET_READ, uintptr(c), 0, 0, 0, 0)
		if errno != 0 { // EINVAL: the kernel knows no more
			if missing := add >> c; missing != 0 {
				return failed(errno, "adding capability "+firstName(missing<<c))
			}
			return nil
		}
		bit := uint64(1) << c
		if add&bit != 0 && has == 0 {
			return failed(syscall.EPERM, "adding capability "+capName(c)+", which isn't in the bounding set")
		}
		if drop&bit != 0 && has == 1 {
			if errno := prctl(syscall.PR_CAPBSET_DROP, uintptr(c)); errno != 0 && !p.cannotGain() {
				return failed(errno, "dropping capability "+capName(c)+" from the bounding set")
			}
		}
	}
	return nil
}

// throughExec are the capabilities that must be ambient in the launcher: an ordinary user loses all others at the launcher's own exec. What
// this process doesn't hold isn't among them; setCaps will say so.
func (p *Plan) throughExec() (list []uintptr) {
	add := capMask(p.AddCaps)
	if add == 0 || effectiveUser() == 0 {
		return nil
	}
	have, errno := capget()
	if errno != 0 {
		return nil
	}
	for c := range 64 {
		if add&have.permitted>>c&1 == 1 {
			list = append(list, uintptr(c))
		}
	}
	return list
}

// cannotGain tells whether no exec gives the program a capability, whatever the bounding set: an ordinary user without new privileges
// (prctl(2), PR_SET_NO_NEW_PRIVS).
func (p *Plan) cannotGain() bool {
	const getNoNewPrivs = 39 // PR_GET_NO_NEW_PRIVS
	set, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, getNoNewPrivs, 0, 0, 0, 0, 0)
	return effectiveUser() != 0 && (p.NoNewPrivs || errno == 0 && set == 1)
}

// setCaps makes the thread's sets what exec has to begin with.
//
// Root gets inheritable ∪ bounding at exec, whatever it holds, so the dropped ones leave both. An ordinary user gets its
// ambient set and nothing else, and a capability is ambient only while it is permitted and inheritable. When root
// became an ordinary user, nothing that root held stays but what AddCaps names.
func (p *Plan) setCaps() *Error {
	add, drop := capMask(p.AddCaps), capMask(p.DropCaps)
	if add == 0 && drop == 0 && !p.leftRoot {
		return nil
	}
	have, errno := capget()
	if errno != 0 {
		return failed(errno, "reading capabilities")
	}
	if missing := add &^ have.permitted; missing != 0 {
		return failed(syscall.EPERM, "adding capability "+firstName(missing)+", which daruma doesn't hold")
	}
	drop &^= add
	want := capSets{permitted: have.permitted &^ drop, inheritable: have.inheritable&^drop | add}
	if p.leftRoot {
		want = capSets{permitted: add, inheritable: add}
	}
	want.effective = want.permitted
	if errno := capset(want); errno != 0 {
		return failed(errno, "setting capabilities")
	}
	if effectiveUser() == 0 {
		return nil
	}
	for c := 0; c < 64; c++ {
		if add>>c&1 == 0 {
			continue
		}
		_, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, prCapAmbient, prCapAmbientRaise, uintptr(c), 0, 0, 0)
		if errno != 0 {
			return failed(errno, "adding capability "+capName(c))
		}
	}
	return nil
}

// firstName names the lowest capability of mask.
func firstName(mask uint64) string {
	for c := 0; c < 64; c++ {
		if mask>>c&1 == 1 {
			return capName(c)
		}
	}
	return ""
}

// capHeader and capData are version 3 of capget(2)'s structures: two halves of 32 bits.
type capHeader struct {
	version uint32
	pid     int32 // 0: this thread
}

type capData [2]struct{ effective, permitted, inheritable uint32 }

const capVersion3 = 0x20080522

func capget() (capSets, syscall.Errno) {
	header := capHeader{version: capVersion3}
	var d capData
	_, _, errno := syscall.RawSyscall(syscall.SYS_CAPGET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&d)), 0)
	return capSets{
		effective:   uint64(d[0].effective) | uint64(d[1].effective)<<32,
		permitted:   uint64(d[0].permitted) | uint64(d[1].permitted)<<32,
		inheritable: uint64(d[0].inheritable) | uint64(d[1].inheritable)<<32,
	}, errno
}

func capset(s capSets) syscall.Errno {
	header := capHeader{version: capVersion3}
	var d capData
	for i, shift := range [...]uint{0, 32} {
		d[i].effective = uint32(s.effective >> shift)
		d[i].permitted = uint32(s.permitted >> shift)
		d[i].inheritable = uint32(s.inheritable >> shift)
	}
	_, _, errno := syscall.RawSyscall(syscall.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&d)), 0)
	return errno
}
