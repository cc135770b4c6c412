package manager

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"
)

func someEntry() Entry {
	return Entry{Name: "Shop", Account: `.\joe`, Key: RegistryKey{Name: "Shop", Values: []RegistryValue{
		{Name: "ImagePath", Type: 2, Data: []byte("n\x00\x00\x00")}, {Name: `a"\b`, Type: 3, Data: make([]byte, 25)}},
		Keys: []RegistryKey{{Name: "Parameters", Values: []RegistryValue{{Type: 4, Data: []byte{1, 0, 0, 0}}}}}}}
}

func TestEntryReg(t *testing.T) {
	data := someEntry().Reg()
	var units []uint16
	for i := 0; i+1 < len(data); i += 2 {
		units = append(units, binary.LittleEndian.Uint16(data[i:]))
	}
	want := "\ufeffWindows Registry Editor Version 5.00\r\n" +
		"\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Shop]\r\n" +
		"\"ImagePath\"=hex(2):6e,00,00,00\r\n" +
		"\"a\\\"\\\\b\"=hex(3):" + strings.TrimSuffix(strings.Repeat("00,", 24), ",") + ",\\\r\n  00\r\n" +
		"\r\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\Shop\\Parameters]\r\n@=hex(4):01,00,00,00\r\n\r\n"
	if got := string(utf16.Decode(units)); got != want {
		t.Errorf("got\n%q want\n%q", got, want)
	}
}

func TestEntryDifferences(t *testing.T) {
	number := uint32(1)
	for name, c := range map[string]struct {
		change func(*Entry)
		want   []string
	}{
		"nothing":          {func(*Entry) {}, nil},
		"case of accounts": {func(e *Entry) { e.Account = `.\JOE` }, nil},
		"account":          {func(e *Entry) { e.Account = "LocalSystem" }, []string{"Account"}},
		"number":           {func(e *Entry) { e.SIDType = &number }, []string{"SIDType"}},
		"bytes":            {func(e *Entry) { e.Key.Values[0].Data = []byte("m\x00\x00\x00") }, []string{`value Shop\ImagePath`}},
		"type":             {func(e *Entry) { e.Key.Values[0].Type = 1 }, []string{`value Shop\ImagePath`}},
		"value gone":       {func(e *Entry) { e.Key.Keys[0].Values = nil }, []string{`value Shop\Parameters\`}},
		"key gone":         {func(e *Entry) { e.Key.Keys = nil }, []string{`key Shop\Parameters`}},
		"key more":         {func(e *Entry) { e.Key.Keys = append(e.Key.Keys, RegistryKey{Name: "X"}) }, []string{`key Shop\X`}},
	} {
		other := someEntry()
		c.change(&other)
		if got := someEntry().Differences(other); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
