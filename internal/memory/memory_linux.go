package memory

import (
	"debug/elf"
	"os"
	"unsafe"

	"golang.org/x/sys/unix"
)

// unmapExecutable takes the pages of the executable's code and constants out of this process' page table. They stay in the kernel's cache
// of the file, and each that is used again is mapped again, with its neighbours (64 KiB), by a page fault that reads no disk.
//
// The kernel says where they are: see getauxval(3), AT_PHDR. /proc/self/maps may be closed to this process. What can't be found stays.
func unmapExecutable() {
	auxv, err := unix.Auxv()
	if err != nil || unsafe.Sizeof(uintptr(0)) != 8 {
		return
	}
	values := map[uintptr]uintptr{}
	for _, entry := range auxv {
		values[entry[0]] = entry[1]
	}
	const atPhdr, atPhent, atPhnum = 3, 4, 5 // elf.h
	if values[atPhdr] == 0 || values[atPhent] != unsafe.Sizeof(elf.Prog64{}) {
		return
	}
	first := *(*unsafe.Pointer)(unsafe.Pointer(new(values[atPhdr]))) // an address of the kernel's, not of Go's heap
	for _, s := range readOnly(unsafe.Slice((*elf.Prog64)(first), values[atPhnum]), values[atPhdr]) {
		start := *(*unsafe.Pointer)(unsafe.Pointer(&s.start))
		_ = unix.Madvise(unsafe.Slice((*byte)(start), s.size), unix.MADV_DONTNEED) // a failure leaves them as they are
	}
}

type segment struct{ start, size uintptr }

// readOnly gives the segments that can't be written, whole pages only: a page of data that was changed would lose its content. headers is the
// address of the program headers.
func readOnly(list []elf.Prog64, headers uintptr) (found []segment) {
	var moved uintptr // by the loader; 0 where the executable isn't position-independent
	for _, p := range list {
		if elf.ProgType(p.Type) == elf.PT_PHDR {
			moved = headers - uintptr(p.Vaddr)
		}
	}
	page := uintptr(os.Getpagesize())
	for _, p := range list {
		if elf.ProgType(p.Type) != elf.PT_LOAD || elf.ProgFlag(p.Flags)&elf.PF_W != 0 {
			continue
		}
		start := (uintptr(p.Vaddr) + moved + page - 1) &^ (page - 1)
		end := (uintptr(p.Vaddr) + moved + uintptr(p.Filesz)) &^ (page - 1)
		if start < end {
			found = append(found, segment{start, end - start})
		}
	}
	return found
}
