package winres

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/daruma-sh/daruma/internal/systemlog"
)

// The object files beside cmd/daruma are those that the table, the manifest and the changelog give.
func TestTheObjectFilesAreUpToDate(t *testing.T) {
	changelog, err := os.ReadFile("../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	version, err := Version(string(changelog))
	if err != nil {
		t.Fatal(err)
	}
	for _, goarch := range []string{"amd64", "arm64"} {
		want, err := Daruma(goarch, version)
		if err != nil {
			t.Fatal(err)
		}
		have, err := os.ReadFile(filepath.Join("../../cmd/daruma", File(goarch)))
		if err != nil || !bytes.Equal(have, want) {
			t.Errorf("cmd/daruma/%s is old (%v): run go generate ./cmd/daruma", File(goarch), err)
		}
	}
	if _, err := Daruma("386", version); err == nil {
		t.Error("resources for a processor that nobody knows")
	}
}

func TestVersionComesFromTheChangelog(t *testing.T) {
	for changelog, want := range map[string]string{
		"# Changelog\n\n## [Unreleased]\n\n### Added\n":                                           "0.0.0",
		"# Changelog\n\n## [Unreleased]\n\n## [1.20.3] - 2026-09-01\n\n## [1.2.0] - 2026-08-01\n": "1.20.3",
	} {
		if got, err := Version(changelog); got != want || err != nil {
			t.Errorf("%q: %q %v, want %q", changelog, got, err, want)
		}
	}
	if _, err := Version("something else"); err == nil {
		t.Error("any text is taken for a changelog")
	}
	if _, err := versionInfo("1.2"); err == nil {
		t.Error("a version of two numbers is taken")
	}
}

// leaf is a resource as a reader finds it.
type leaf struct {
	kind, name, language uint32
	data                 []byte
}

// read takes an object file apart as a linker does.
func read(t *testing.T, object []byte, machine, relocation uint16) []leaf {
	t.Helper()
	f, err := pe.NewFile(bytes.NewReader(object))
	if err != nil {
		t.Fatal(err)
	}
	if f.Machine != machine || len(f.Sections) != 1 || f.Sections[0].Name != ".rsrc" || len(f.Symbols) != 1 || f.Symbols[0].SectionNumber != 1 {
		t.Fatalf("machine %x, sections %v, symbols %v", f.Machine, f.Sections, f.Symbols)
	}
	section, err := f.Sections[0].Data()
	if err != nil {
		t.Fatal(err)
	}
	relocs := map[uint32]bool{}
	for _, r := range f.Sections[0].Relocs {
		if r.Type != relocation || r.SymbolTableIndex != 0 {
			t.Errorf("relocation %+v", r)
		}
		relocs[r.VirtualAddress] = true
	}
	le := binary.LittleEndian
	entries := func(at uint32) (list [][2]uint32) {
		named, numbered := le.Uint16(section[at+12:]), le.Uint16(section[at+14:])
		if named != 0 {
			t.Fatal("a resource has a name in letters")
		}
		last := uint32(0)
		for i := range uint32(numbered) {
			e := at + 16 + i*8
			id := le.Uint32(section[e:])
			if i > 0 && id <= last {
				t.Error("the entries aren't sorted: Windows won't find them")
			}
			last = id
			list = append(list, [2]uint32{id, le.Uint32(section[e+4:])})
		}
		return list
	}
	const folder = 1 << 31
	var leaves []leaf
	for _, kind := range entries(0) {
		for _, name := range entries(kind[1] &^ folder) {
			for _, language := range entries(name[1] &^ folder) {
				if kind[1]&name[1]&folder == 0 || language[1]&folder != 0 {
					t.Fatal("the tree doesn't have three levels")
				}
				at := language[1]
				if !relocs[at] {
					t.Error("an address has no relocation")
				}
				delete(relocs, at)
				begin, size := le.Uint32(section[at:]), le.Uint32(section[at+4:])
				leaves = append(leaves, leaf{kind[0], name[0], language[0], section[begin : begin+size]})
			}
		}
	}
	if len(relocs) > 0 {
		t.Errorf("relocations of nothing: %v", relocs)
	}
	return leaves
}

// messages takes a message table apart.
func messages(t *testing.T, data []byte) map[uint32]string {
	t.Helper()
	le := binary.LittleEndian
	texts := map[uint32]string{}
	last := uint32(0)
	for i := range le.Uint32(data) {
		block := data[4+12*i:]
		low, high, at := le.Uint32(block), le.Uint32(block[4:]), le.Uint32(block[8:])
		if low <= last || high < low {
			t.Errorf("block %08x to %08x after %08x", low, high, last)
		}
		for id := low; id <= high; id++ {
			length, flags := uint32(le.Uint16(data[at:])), le.Uint16(data[at+2:])
			if length%4 != 0 || flags != 1 {
				t.Fatalf("entry %08x: length %d, flags %d", id, length, flags)
			}
			var units []uint16
			for p := at + 4; p < at+length; p += 2 {
				units = append(units, le.Uint16(data[p:]))
			}
			text, _, ok := strings.Cut(string(utf16.Decode(units)), "\x00")
			if !ok {
				t.Errorf("entry %08x has no end", id)
			}
			texts[id] = text
			at += length
		}
		last = high
	}
	return texts
}

func TestReadBack(t *testing.T) {
	for _, c := range []struct {
		goarch              string
		machine, relocation uint16
	}{{"amd64", pe.IMAGE_FILE_MACHINE_AMD64, 3}, {"arm64", pe.IMAGE_FILE_MACHINE_ARM64, 2}} {
		object, err := Daruma(c.goarch, "1.20.3")
		if err != nil {
			t.Fatal(err)
		}
		leaves := read(t, object, c.machine, c.relocation)
		if len(leaves) != 3 {
			t.Fatalf("%d resources, want 3", len(leaves))
		}
		for i, kind := range []uint32{typeMessageTable, typeVersion, typeManifest} {
			if l := leaves[i]; l.kind != kind || l.name != 1 || l.language != 0x409 {
				t.Errorf("resource %d/%d/%x, want %d/1/409", l.kind, l.name, l.language, kind)
			}
		}
		texts := messages(t, leaves[0].data)
		for _, e := range systemlog.Table() {
			if got := texts[e.Identifier()]; got != e.Text+"\r\n" {
				t.Errorf("%s: event %d reads %q, want %q", c.goarch, e.ID, got, e.Text)
			}
		}
		if len(texts) != len(systemlog.Table()) {
			t.Errorf("%d texts for %d events", len(texts), len(systemlog.Table()))
		}
		var anything struct{}
		if err := xml.Unmarshal(leaves[2].data, &anything); err != nil {
			t.Errorf("the manifest: %v", err)
		}
	}
}

// block is a part of a version resource.
type block struct {
	key      string
	value    []byte
	children []block
}

func readBlock(t *testing.T, b []byte) (block, int) {
	t.Helper()
	le := binary.LittleEndian
	length, valueLength, kind := int(le.Uint16(b)), int(le.Uint16(b[2:])), le.Uint16(b[4:])
	if kind == 1 {
		valueLength *= 2
	}
	var key []uint16
	at := 6
	for ; le.Uint16(b[at:]) != 0; at += 2 {
		key = append(key, le.Uint16(b[at:]))
	}
	at = (at + 2 + 3) &^ 3
	out := block{key: string(utf16.Decode(key))}
	if at < length {
		out.value = b[at : at+valueLength]
		at = (at + valueLength + 3) &^ 3
	}
	for at < length {
		child, n := readBlock(t, b[at:length])
		out.children = append(out.children, child)
		at = (at + n + 3) &^ 3
	}
	return out, length
}

func TestVersionInfo(t *testing.T) {
	data, err := versionInfo("1.20.3")
	if err != nil {
		t.Fatal(err)
	}
	root, n := readBlock(t, data)
	if n != len(data) || root.key != "VS_VERSION_INFO" || len(root.value) != 52 || len(root.children) != 2 {
		t.Fatalf("%q of %d bytes, %d of them the value, %d children", root.key, n, len(root.value), len(root.children))
	}
	le := binary.LittleEndian
	if le.Uint32(root.value) != 0xFEEF04BD || le.Uint32(root.value[8:]) != 1<<16|20 || le.Uint32(root.value[12:]) != 3<<16 {
		t.Errorf("fixed part % x", root.value)
	}
	strs := root.children[0].children[0]
	if strs.key != "040904B0" || !bytes.Equal(root.children[1].children[0].value, []byte{0x09, 0x04, 0xB0, 0x04}) {
		t.Errorf("language %q, translation % x", strs.key, root.children[1].children[0].value)
	}
	found := map[string]string{}
	for _, c := range strs.children {
		found[c.key] = strings.TrimSuffix(strings.ReplaceAll(string(c.value), "\x00", ""), "\x00")
	}
	for key, want := range map[string]string{"FileVersion": "1.20.3", "ProductVersion": "1.20.3", "ProductName": "daruma", "OriginalFilename": "daruma.exe"} {
		if found[key] != want {
			t.Errorf("%s is %q, want %q", key, found[key], want)
		}
	}
	if found["CompanyName"] == "" || found["FileDescription"] == "" {
		t.Errorf("no company or description: %v", found)
	}
}

func TestTwoEventsOfOneID(t *testing.T) {
	e := systemlog.Table()[0]
	if _, err := messageTable([]systemlog.Entry{e, e}); err == nil {
		t.Error("two texts for one id are taken")
	}
}
