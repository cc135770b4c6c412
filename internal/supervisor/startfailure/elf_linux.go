package startfailure

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"runtime"
)

// elf is what the beginning of an ELF file says (elf(5)).
type elf struct {
	machine uint16
	loader  string // PT_INTERP: what the kernel starts to load it; "": none, or it isn't at the file's beginning
}

// parseELF reads the beginning of an ELF file. Package debug/elf would read the file's sections, for which its beginning isn't enough.
func parseELF(data []byte) (e elf, is bool) {
	const header32, header64 = 52, 64
	if len(data) < header32 || string(data[:4]) != "\x7fELF" {
		return e, false
	}
	var order binary.ByteOrder = binary.LittleEndian
	if data[5] == 2 {
		order = binary.BigEndian
	}
	e.machine = order.Uint16(data[18:])
	wide := data[4] == 2
	var offset, size, count uint64
	if wide {
		if len(data) < header64 {
			return e, true
		}
		offset, size, count = order.Uint64(data[32:]), uint64(order.Uint16(data[54:])), uint64(order.Uint16(data[56:]))
	} else {
		offset, size, count = uint64(order.Uint32(data[28:])), uint64(order.Uint16(data[42:])), uint64(order.Uint16(data[44:]))
	}
	for i := range count {
		at := offset + i*size
		if offset > uint64(len(data)) || at+size > uint64(len(data)) || size < 32 {
			break
		}
		h := data[at : at+size]
		const programInterpreter = 3 // PT_INTERP
		if order.Uint32(h) != programInterpreter {
			continue
		}
		from, length := uint64(order.Uint32(h[4:])), uint64(order.Uint32(h[16:]))
		if wide {
			if size < 40 {
				break
			}
			from, length = order.Uint64(h[8:]), order.Uint64(h[32:])
		}
		if from < uint64(len(data)) && length < uint64(len(data)) && from+length <= uint64(len(data)) {
			name, _, _ := bytes.Cut(data[from:from+length], []byte{0})
			e.loader = string(name)
		}
	}
	return e, true
}

// Numbers of e_machine. Source: linux/elf-em.h.
const (
	machine386     = 3
	machineMIPS    = 8
	machinePPC64   = 21
	machineS390    = 22
	machineARM     = 40
	machineAMD64   = 62
	machineARM64   = 183
	machineRISCV   = 243
	machineLoong64 = 258
)

func nativeMachine() uint16 {
	switch runtime.GOARCH {
	case "386":
		return machine386
	case "amd64":
		return machineAMD64
	case "arm":
		return machineARM
	case "arm64":
		return machineARM64
	case "loong64":
		return machineLoong64
	case "ppc64", "ppc64le":
		return machinePPC64
	case "riscv64":
		return machineRISCV
	case "s390x":
		return machineS390
	}
	return machineMIPS
}

// machineName is as uname -m and the names of downloads have it.
func machineName(machine uint16) string {
	switch machine {
	case machine386:
		return "i386 (32 bits)"
	case machineMIPS:
		return "MIPS"
	case machinePPC64:
		return "PowerPC"
	case machineS390:
		return "s390x"
	case machineARM:
		return "ARM (32 bits)"
	case machineAMD64:
		return "x86-64 (amd64)"
	case machineARM64:
		return "aarch64 (arm64)"
	case machineRISCV:
		return "RISC-V"
	case machineLoong64:
		return "LoongArch"
	}
	return fmt.Sprintf("another processor (number %d)", machine)
}
