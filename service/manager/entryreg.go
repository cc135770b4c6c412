package manager

import (
	"encoding/binary"
	"fmt"
	"strings"
	"unicode/utf16"
)

// Reg is the registry part of e as a .reg file, as regedit exports it: UTF-16LE with a mark. It is for people who want to read it, or
// to restore it by hand: after `reg import` the Service Control Manager knows of it with the next start of Windows.
func (e Entry) Reg() []byte {
	var b strings.Builder
	b.WriteString("\ufeffWindows Registry Editor Version 5.00\r\n")
	e.Key.reg(&b, `HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\`)
	b.WriteString("\r\n")
	var file []byte
	for _, unit := range utf16.Encode([]rune(b.String())) {
		file = binary.LittleEndian.AppendUint16(file, unit)
	}
	return file
}

func (k RegistryKey) reg(b *strings.Builder, above string) {
	fmt.Fprintf(b, "\r\n[%s%s]\r\n", above, k.Name)
	for _, v := range k.Values {
		name := "@"
		if v.Name != "" {
			name = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(v.Name) + `"`
		}
		// All as bytes: a text may have line ends, or halves of characters, which the quoted form can't have.
		fmt.Fprintf(b, "%s=hex(%x):", name, v.Type)
		for i, c := range v.Data {
			if i > 0 {
				b.WriteByte(',')
				if i%24 == 0 {
					b.WriteString("\\\r\n  ")
				}
			}
			fmt.Fprintf(b, "%02x", c)
		}
		b.WriteString("\r\n")
	}
	for _, sub := range k.Keys {
		sub.reg(b, above+k.Name+`\`)
	}
}
