package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// file is one file of a package.
type file struct {
	name string // with slashes; in packages of Linux from the root
	mode os.FileMode
	data []byte
}

// common are the files of every archive.
func (r release) common(t target, binaries string) ([]file, error) {
	var all []file
	for _, name := range commands() {
		data, err := os.ReadFile(filepath.Join(binaries, name+t.exe()))
		if err != nil {
			return nil, err
		}
		all = append(all, file{name + t.exe(), 0o755, data})
	}
	for _, name := range []string{"LICENSE", "README.md", "CHANGELOG.md"} {
		data, err := os.ReadFile(filepath.Join(r.source, name))
		if err != nil {
			return nil, err
		}
		all = append(all, file{name, 0o644, data})
	}
	scripts, err := completions()
	if err != nil {
		return nil, err
	}
	for shell, script := range scripts {
		all = append(all, file{"completions/daruma." + shell, 0o644, script})
	}
	if t.os == "linux" {
		pages, err := r.manualPages()
		if err != nil {
			return nil, err
		}
		for name, page := range pages {
			all = append(all, file{"man/" + name, 0o644, page})
		}
	}
	return sorted(all), nil
}

// installed gives the files of an archive the places that they have in an installation of a Linux distribution. vendor is where its zsh
// looks for what packages bring.
func installed(archive []file, zsh string) ([]file, error) {
	var all []file
	for _, f := range archive {
		switch dir, name, _ := strings.Cut(f.name, "/"); {
		case slices.Contains(commands(), f.name):
			f.name = "/usr/bin/" + f.name
		case f.name == "LICENSE":
			f.name = "/usr/share/doc/daruma/copyright"
		case f.name == "README.md":
			f.name = "/usr/share/doc/daruma/README.md"
		case f.name == "CHANGELOG.md":
			f.name, f.data = "/usr/share/doc/daruma/changelog.gz", compressed(f.data)
		case dir == "man":
			f.name, f.data = "/usr/share/man/man1/"+name+".gz", compressed(f.data)
		case name == "daruma.bash":
			f.name = "/usr/share/bash-completion/completions/daruma"
		case name == "daruma.zsh":
			f.name = zsh + "/_daruma"
		case name == "daruma.fish":
			f.name = "/usr/share/fish/vendor_completions.d/daruma.fish"
		case name == "daruma.powershell":
			continue
		default:
			return nil, fmt.Errorf("%s has no place in an installation: give it one", f.name)
		}
		all = append(all, f)
	}
	return sorted(all), nil
}

// compressed is gzip -9n of data, as Debian's policy asks of manual pages and changelogs (12.1, 12.7).
func compressed(data []byte) []byte {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // its only error is that of a level
	_, _ = w.Write(data)                                  // a buffer takes everything
	_ = w.Close()
	return b.Bytes()
}

func sorted(all []file) []file {
	slices.SortFunc(all, func(a, b file) int { return strings.Compare(a.name, b.name) })
	return all
}
