package archive

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// ManifestName is the path of the manifest in a package and in an unpacked release.
const ManifestName = "daruma-package.json"

// DefinitionName is the path of the definition, which every package has.
const DefinitionName = "daruma.yaml"

// The bounds of a package. They keep what a stranger made from filling memory or disk; what daruma packs keeps to them, too.
const (
	MaxFiles    = 100_000  // in one package
	MaxUnpacked = 16 << 30 // bytes of all files together
	maxManifest = 64 << 20 // bytes
)

// The modes of files: a package has no other.
const (
	ModeFile       = "0644"
	ModeExecutable = "0755"
)

// Manifest says what is in a package.
type Manifest struct {
	Format  int    `json:"format"`  // of the package: 1
	Name    string `json:"name"`    // of the service, as in its definition
	Version string `json:"version"` // see [CheckVersion]
	OS      string `json:"os"`      // that it runs on, as Go names it: linux, windows
	Arch    string `json:"arch"`    // amd64, arm64, …, as Go names it
	Files   []File `json:"files"`   // in the order of their paths, byte by byte
}

// File is one file of a package.
type File struct {
	Path   string `json:"path"` // from the release's folder, with slashes
	Mode   string `json:"mode"` // [ModeFile] or [ModeExecutable]
	Size   int64  `json:"size"` // bytes
	SHA256 string `json:"sha256"`
}

// Unpacked is the size of all files together, in bytes.
func (m *Manifest) Unpacked() int64 {
	var sum int64
	for i := range m.Files {
		sum += m.Files[i].Size
	}
	return sum
}

// FileName is what the package's file is called: NAME-VERSION-OS-ARCH.zip.
func (m *Manifest) FileName() string {
	return fmt.Sprintf("%s-%s-%s-%s.zip", m.Name, m.Version, m.OS, m.Arch)
}

// Find gives the file of this path, nil where there is none.
func (m *Manifest) Find(path string) *File {
	i, found := slices.BinarySearchFunc(m.Files, path, func(f File, path string) int { return strings.Compare(f.Path, path) })
	if !found {
		return nil
	}
	return &m.Files[i]
}

// Encode gives the bytes of the manifest, always the same for the same manifest.
func (m *Manifest) Encode() ([]byte, error) {
	var text bytes.Buffer
	e := json.NewEncoder(&text)
	e.SetIndent("", " ")
	e.SetEscapeHTML(false)
	err := e.Encode(m)
	return text.Bytes(), err
}

// DecodeManifest reads a manifest and checks everything in it. Only what [Manifest.Encode] writes is taken, byte for byte: of a key that
// stands there twice, or in another case, two readers could take two values.
func DecodeManifest(text []byte) (*Manifest, error) {
	var m Manifest
	if err := json.Unmarshal(text, &m); err != nil {
		return nil, fmt.Errorf("the manifest is no JSON that daruma has written: %w", err)
	}
	if err := m.Check(); err != nil {
		return nil, err
	}
	again, err := m.Encode()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, text) {
		return nil, fmt.Errorf("the manifest isn't as daruma pack writes it")
	}
	return &m, nil
}

// Check says what is wrong with a manifest by itself; nil: nothing.
func (m *Manifest) Check() error {
	if m.Format != 1 {
		return fmt.Errorf("the package has the format %d, and this daruma knows format 1: it takes a newer daruma", m.Format)
	}
	if m.Name == "" || len(m.Name) > 63 || strings.Trim(m.Name, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || reserved(m.Name) {
		return fmt.Errorf("%.80q is no name of a service", m.Name)
	}
	if err := CheckVersion(m.Version); err != nil {
		return err
	}
	for _, word := range []string{m.OS, m.Arch} {
		if word == "" || len(word) > 20 || strings.Trim(word, "abcdefghijklmnopqrstuvwxyz0123456789") != "" {
			return fmt.Errorf("%.40q is no operating system or processor as Go names it: linux, windows; amd64, arm64", word)
		}
	}
	if len(m.Files) > MaxFiles {
		return fmt.Errorf("the package has %d files; %d are allowed", len(m.Files), MaxFiles)
	}
	return m.checkFiles()
}

func (m *Manifest) checkFiles() error {
	var sum int64
	paths := newPathSet(m.OS)
	for i := range m.Files {
		f := &m.Files[i]
		if err := CheckPath(f.Path, m.OS); err != nil {
			return err
		}
		if i > 0 && f.Path <= m.Files[i-1].Path {
			return fmt.Errorf("%q stands in the manifest twice, or not in its order", f.Path)
		}
		if err := paths.add(f.Path); err != nil {
			return err
		}
		if f.Mode != ModeFile && f.Mode != ModeExecutable {
			return fmt.Errorf("%q has the mode %.10q: a package has %s and %s alone", f.Path, f.Mode, ModeFile, ModeExecutable)
		}
		if hash, err := hex.DecodeString(f.SHA256); err != nil || len(hash) != 32 {
			return fmt.Errorf("%q has no SHA-256 in the manifest", f.Path)
		}
		if f.Size < 0 || f.Size > MaxUnpacked {
			return fmt.Errorf("%q has %d bytes; a package may have %d", f.Path, f.Size, int64(MaxUnpacked))
		}
		if sum += f.Size; sum > MaxUnpacked {
			return fmt.Errorf("the files have more than %d bytes together, which a package may have", int64(MaxUnpacked))
		}
	}
	if m.Find(DefinitionName) == nil {
		return fmt.Errorf("the package has no %s", DefinitionName)
	}
	return nil
}
