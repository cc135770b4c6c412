package memory

import (
	"bufio"
	"debug/elf"
	"fmt"
	"os"
	"reflect"
	"strings"
	"testing"
)

// mapped gives how many KiB of this process' executable are mapped: what can be read only, and what can be written.
func mapped(t *testing.T) (readOnly, writable int) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open("/proc/self/smaps")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var counts *int
	for lines := bufio.NewScanner(f); lines.Scan(); {
		fields := strings.Fields(lines.Text())
		switch {
		case len(fields) > 1 && strings.Contains(fields[0], "-"):
			counts = nil
			if fields[len(fields)-1] == exe && fields[1][1] == 'w' {
				counts = &writable
			} else if fields[len(fields)-1] == exe {
				counts = &readOnly
			}
		case len(fields) > 1 && fields[0] == "Rss:" && counts != nil:
			kib := 0
			fmt.Sscan(fields[1], &kib)
			*counts += kib
		}
	}
	return readOnly, writable
}

var changed = []string{"as it was"} // in the segment of data

// TestUnmapExecutable: code and constants go and come back by use, data that was changed stays.
func TestUnmapExecutable(t *testing.T) {
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := elf.Open(executable); err != nil { // uses some of the code
		t.Fatal(err)
	}
	changed[0] = "changed"
	before, data := mapped(t)
	unmapExecutable()
	after, dataAfter := mapped(t)
	if after > before*3/4 {
		t.Errorf("%d KiB of code and constants were mapped before, %d after", before, after)
	}
	if dataAfter < data {
		t.Errorf("%d KiB of data were mapped before, %d after", data, dataAfter)
	}
	if _, err := elf.Open(executable); err != nil || changed[0] != "changed" {
		t.Errorf("%v, %v", err, changed)
	}
}

func TestReadOnlySegments(t *testing.T) {
	page := uint64(os.Getpagesize())
	header := func(kind elf.ProgType, flags elf.ProgFlag, address, size uint64) elf.Prog64 {
		return elf.Prog64{Type: uint32(kind), Flags: uint32(flags), Vaddr: address, Filesz: size, Memsz: size}
	}
	list := []elf.Prog64{
		header(elf.PT_PHDR, elf.PF_R, 64, 200),
		header(elf.PT_NOTE, elf.PF_R, 300, 20),
		header(elf.PT_LOAD, elf.PF_R|elf.PF_X, 0, 3*page+1),             // its last page is the next one's first
		header(elf.PT_LOAD, elf.PF_R|elf.PF_W, 3*page+1, 2*page),        // never
		header(elf.PT_LOAD, elf.PF_R, 6*page+1, page),                   // not one whole page
		header(elf.PT_LOAD, elf.PF_R|elf.PF_W|elf.PF_X, 9*page, 4*page), // never
		header(elf.PT_LOAD, elf.PF_R, 20*page, 2*page),                  // all
		header(elf.PT_GNU_RELRO, elf.PF_R, 4*page, page), header(elf.PT_GNU_STACK, elf.PF_R, 0, 0),
	}
	for _, moved := range []uintptr{0, 1 << 40} {
		got := readOnly(list, moved+64)
		want := []segment{{moved, uintptr(3 * page)}, {moved + uintptr(20*page), uintptr(2 * page)}}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("moved by %x: %x, want %x", moved, got, want)
		}
	}
}
