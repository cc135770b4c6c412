// Package winres makes the resources of daruma.exe as object files that the Go linker takes as they are (.syso): version, manifest
// and the texts of the events. It needs no windres, no rc.exe and no mc.exe, and gives the same bytes everywhere.
package winres

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"fmt"
	"slices"
)

// Types of resources. Source: learn.microsoft.com/windows/win32/menurc/resource-types
const (
	typeMessageTable = 11
	typeVersion      = 16
	typeManifest     = 24
)

// english is US English. FormatMessage and the Event Log take it where they find nothing in the user's language.
const english = 0x0409

// resource is one resource with the name 1, in English.
type resource struct {
	kind uint32
	data []byte
}

// Processors: the machine of the object file and its relocation for an address relative to the image's beginning.
// Source: learn.microsoft.com/windows/win32/debug/pe-format, Machine Types and Type Indicators.
func processor(goarch string) (machine, relocation uint16, err error) {
	switch goarch {
	case "amd64":
		return 0x8664, 0x0003, nil // IMAGE_REL_AMD64_ADDR32NB
	case "arm64":
		return 0xAA64, 0x0002, nil // IMAGE_REL_ARM64_ADDR32NB
	}
	return 0, 0, fmt.Errorf("no resources for the processor %q: give amd64 or arm64", goarch)
}

// Sizes of the structures in an object file.
const (
	headerSize = 20 + 40 // of the file and its one section
	dirSize    = 16
	entrySize  = 8
	dataSize   = 16 // of a description of data
)

// object gives an object file with one section .rsrc: the tree of type, name and language, then the data. Each description of data
// has a relocation, because only the linker knows where the section will be.
func object(goarch string, list []resource) ([]byte, error) {
	machine, relocation, err := processor(goarch)
	if err != nil {
		return nil, err
	}
	list = slices.Clone(list)
	slices.SortFunc(list, func(a, b resource) int { return cmp.Compare(a.kind, b.kind) }) // Windows searches by halves
	section, places := tree(list)
	var b bytes.Buffer
	write := func(fields ...any) {
		for _, f := range fields {
			_ = binary.Write(&b, binary.LittleEndian, f) // to memory: it can't fail
		}
	}
	relocs := uint32(headerSize + len(section))
	symbols := relocs + 10*uint32(len(places))
	write(machine, uint16(1), uint32(0), symbols, uint32(1), uint16(0), uint16(0)) // no time: the same bytes always
	name := [8]byte{'.', 'r', 's', 'r', 'c'}
	const readOnlyData = 0x40000040 // IMAGE_SCN_CNT_INITIALIZED_DATA, IMAGE_SCN_MEM_READ
	write(name, uint32(0), uint32(0), uint32(len(section)), uint32(headerSize), relocs, uint32(0), uint16(len(places)), uint16(0), uint32(readOnlyData))
	b.Write(section)
	for _, at := range places {
		write(at, uint32(0), relocation)
	}
	write(name, uint32(0), int16(1), uint16(0), uint8(3), uint8(0)) // the section's own symbol, static
	write(uint32(4))                                                // no long names
	return b.Bytes(), nil
}

// tree gives the section's contents and where in it an address has to be relocated.
// Source: learn.microsoft.com/windows/win32/debug/pe-format, The .rsrc Section.
func tree(list []resource) (section []byte, places []uint32) {
	n := uint32(len(list))
	const level = dirSize + entrySize // a folder with one entry
	names := dirSize + n*entrySize
	languages := names + n*level
	descriptions := languages + n*level
	data := descriptions + n*dataSize
	le := binary.LittleEndian
	folder := func(entries uint32) {
		section = append(section, make([]byte, 14)...) // flags, time, version, no names
		section = le.AppendUint16(section, uint16(entries))
	}
	entry := func(id, offset uint32) { section = le.AppendUint32(le.AppendUint32(section, id), offset) }
	const isFolder = 1 << 31
	folder(n)
	for i, r := range list {
		entry(r.kind, isFolder|names+uint32(i)*level)
	}
	for i := range n {
		folder(1)
		entry(1, isFolder|languages+i*level)
	}
	for i := range n {
		folder(1)
		entry(english, descriptions+i*dataSize)
	}
	at := data
	for _, r := range list {
		places = append(places, uint32(len(section)))
		section = le.AppendUint32(section, at)
		section = le.AppendUint32(section, uint32(len(r.data)))
		section = append(section, make([]byte, 8)...) // code page and a reserved field
		at += (uint32(len(r.data)) + 7) &^ 7
	}
	for _, r := range list {
		section = append(section, r.data...)
		section = append(section, make([]byte, -len(r.data)&7)...)
	}
	return section, places
}
