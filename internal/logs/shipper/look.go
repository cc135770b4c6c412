package shipper

import (
	"bytes"
	"io"
	"path/filepath"
	"slices"

	"github.com/daruma-sh/daruma/internal/logs/jsonline"
	"github.com/daruma-sh/daruma/internal/logs/logfile"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// lookAt is how many bytes of a file are compared.
const lookAt = 16 << 10

// lookFiles is how many files of a program are compared.
const lookFiles = 20

// Look fills in what the files of a program in the log folder show: how alike they begin, and, where the format isn't known, which it is.
// h is what a scan of the folder has found of the program, nil: nothing. Files that can't be read are left out.
func (p *Program) Look(folder string, h *logfile.History, formatKnown bool) {
	names := []string{p.Name + logfile.Ext}
	if h != nil {
		for _, r := range h.Files {
			names = append(names, r.Name(p.Name))
		}
	}
	names = append(names[:1], names[max(1, len(names)-lookFiles):]...)
	var beginnings [][]byte
	for i, name := range names {
		b, err := beginning(filepath.Join(folder, name))
		if err != nil || len(b) == 0 { // compressed, or just deleted
			continue
		}
		if i == 0 && !formatKnown {
			p.JSON = jsonline.IsOurs(b)
		}
		beginnings = append(beginnings, b)
	}
	slices.SortFunc(beginnings, bytes.Compare) // those that are most alike stand side by side
	for i := 1; i < len(beginnings); i++ {
		same := common(beginnings[i-1], beginnings[i])
		p.Alike = max(p.Alike, int64(same))
		p.FirstLine = p.FirstLine || bytes.IndexByte(beginnings[i][:same], '\n') >= 0
	}
}

// beginning reads the first bytes of a file.
func beginning(path string) ([]byte, error) {
	f, err := safefile.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	b := make([]byte, lookAt)
	n, err := f.ReadAt(b, 0)
	if err == io.EOF {
		err = nil
	}
	return b[:n], err
}

// common is how many bytes at the beginning are the same.
func common(a, b []byte) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
