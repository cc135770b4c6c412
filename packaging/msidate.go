package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"time"
)

// dateInstaller sets the dates of the summary information, in place: msitools writes the present and knows no other.
//
// The summary is a property set (learn.microsoft.com/openspecs/windows_protocols/ms-oleps): the format's id, the offset of the section,
// and in the section its size, the number of properties, and for each an id and an offset. The properties 12 and 13 are the dates
// of creation and of the last save, of the type VT_FILETIME (64). The stream is shorter than 4096 bytes and so lies in sectors of 64 bytes,
// which libgsf writes one after the other; where that isn't so, the types don't fit and there is an error instead of a broken file.
func dateInstaller(msi []byte, date time.Time) error {
	summary := []byte{0xe0, 0x85, 0x9f, 0xf2, 0xf9, 0x4f, 0x68, 0x10, 0xab, 0x91, 0x08, 0x00, 0x2b, 0x27, 0xb3, 0xd9}
	const head = 28 // bytes of the stream before the format's id
	errUnknown := errors.New("the MSI's summary information isn't as msitools 0.101 writes it: dates can't be set")
	at := bytes.Index(msi, summary)
	if at < head || at+20 > len(msi) {
		return errUnknown
	}
	stream := msi[at-head:]
	section := int(binary.LittleEndian.Uint32(stream[head+16:]))
	if section+8 > len(stream) {
		return errUnknown
	}
	const between = 11644473600 // seconds from 1601, where FILETIME begins, to 1970
	stamp := uint64(date.Unix()+between) * 10_000_000
	set := 0
	for n := range int(binary.LittleEndian.Uint32(stream[section+4:])) {
		entry := section + 8 + 8*n
		if entry+8 > len(stream) {
			return errUnknown
		}
		if id := binary.LittleEndian.Uint32(stream[entry:]); id != 12 && id != 13 {
			continue
		}
		value := section + int(binary.LittleEndian.Uint32(stream[entry+4:]))
		if value+12 > len(stream) || binary.LittleEndian.Uint32(stream[value:]) != 64 {
			return errUnknown
		}
		binary.LittleEndian.PutUint64(stream[value+4:], stamp)
		set++
	}
	if set != 2 {
		return errUnknown
	}
	return nil
}
