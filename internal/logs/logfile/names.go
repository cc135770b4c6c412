package logfile

import (
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"
)

// The endings of the files of a program.
const (
	Ext      = ".log"
	IndexExt = ".idx" // after Ext
	GzipExt  = ".gz"  // after Ext
	// EncodingExt is that of the file that names the encoding of all of a program's logs; after Ext. There is none for UTF-8.
	EncodingExt = ".encoding"
	tmpExt      = ".tmp" // last: half done, worthless after a kill
)

const stampLayout = "20060102T150405Z"

// Rotated is one rotated file: PROGRAM.SEQ-STAMP.log, or compressed, PROGRAM.SEQ-STAMP.log.gz in [CompressedFolder]. The number, not the stamp, decides the order.
type Rotated struct {
	Seq   uint64
	Stamp string // UTC, when it was rotated
}

// Name is the file's name without .gz.
func (r Rotated) Name(program string) string {
	return fmt.Sprintf("%s.%08d-%s%s", program, r.Seq, r.Stamp, Ext)
}

// At is when the file was rotated: no line in it is newer, as far as the clock could be trusted.
func (r Rotated) At() time.Time {
	t, _ := time.Parse(stampLayout, r.Stamp)
	return t
}

// parseRotated takes the name of a rotated file apart; kind is what follows ".log": "", ".gz", ".idx" or ".gz.tmp".
func parseRotated(name string) (program string, r Rotated, kind string, ok bool) {
	cut := strings.LastIndex(name, Ext)
	if cut < 0 {
		return "", r, "", false
	}
	kind = name[cut+len(Ext):]
	switch kind {
	case "", GzipExt, IndexExt, GzipExt + tmpExt:
	default:
		return "", r, "", false
	}
	dot := strings.LastIndexByte(name[:cut], '.')
	if dot <= 0 {
		return "", r, "", false
	}
	number, stamp, found := strings.Cut(name[dot+1:cut], "-")
	if !found || len(number) < 8 || len(stamp) != len(stampLayout) {
		return "", r, "", false
	}
	seq, err := strconv.ParseUint(number, 10, 63)
	if err != nil {
		return "", r, "", false
	}
	if _, err := time.Parse(stampLayout, stamp); err != nil {
		return "", r, "", false
	}
	return name[:dot], Rotated{seq, stamp}, kind, true
}

// ProgramOf gives the program whose log a file is by its name, of the current log or a rotated one, its index and what a kill left half
// done included. Only the name of a rotated file is one that nobody else gives: any program may write a NAME.log.
func ProgramOf(name string) (program string, rotated, ok bool) {
	if program, _, _, ok := parseRotated(name); ok {
		return program, true, true
	}
	base := strings.TrimSuffix(strings.TrimSuffix(strings.TrimSuffix(name, tmpExt), IndexExt), EncodingExt)
	program, ok = strings.CutSuffix(base, Ext)
	return program, false, ok
}

// History is what a folder holds of one program, besides the current file.
type History struct {
	Files       []Rotated         // each number once, ascending
	Zipped      map[uint64]bool   // by number: it is there in compressed form
	plain       map[uint64]bool   // the same, not compressed
	idx         map[uint64]string // names of the rotated indexes
	temporaries []string          // half-done temporary files
	Current     bool              // the current file is there
}

// Scan lists a log folder by program, with the compressed files in their folder, which is listed last: a file that is compressed meanwhile
// is seen in one of its places at least. A folder that doesn't exist holds nothing.
func Scan(dir string) (map[string]*History, error) {
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return map[string]*History{}, nil
	}
	if err != nil {
		return nil, err
	}
	all := map[string]*History{}
	of := func(program string) *History {
		h := all[program]
		if h == nil {
			h = &History{Zipped: map[uint64]bool{}, plain: map[uint64]bool{}, idx: map[uint64]string{}}
			all[program] = h
		}
		return h
	}
	folder := false
	for _, e := range entries {
		folder = folder || e.Name() == CompressedFolder && e.IsDir()
		if !e.Type().IsRegular() { // a link or folder with such a name isn't ours
			continue
		}
		program, r, kind, ok := parseRotated(e.Name())
		switch {
		case ok && (kind == "" || kind == GzipExt):
			h := of(program)
			h.add(r, kind)
		case ok && kind == IndexExt:
			of(program).idx[r.Seq] = e.Name()
		case ok:
			h := of(program)
			h.temporaries = append(h.temporaries, filepath.Join(dir, e.Name()))
		case !ok && strings.HasSuffix(e.Name(), Ext):
			of(strings.TrimSuffix(e.Name(), Ext)).Current = true
		case !ok && strings.HasSuffix(e.Name(), Ext+tmpExt):
			h := of(strings.TrimSuffix(e.Name(), Ext+tmpExt))
			h.temporaries = append(h.temporaries, filepath.Join(dir, e.Name()))
		}
	}
	if folder {
		if err := scanCompressed(filepath.Join(dir, CompressedFolder), of); err != nil {
			return nil, err
		}
	}
	for _, h := range all {
		sort.Slice(h.Files, func(i, j int) bool { return h.Files[i].Seq < h.Files[j].Seq })
	}
	return all, nil
}

// scanCompressed lists the folder of the compressed files; of gives where the files of a program are noted.
func scanCompressed(dir string, of func(program string) *History) error {
	entries, err := os.ReadDir(dir)
	if err != nil && !os.IsNotExist(err) {
		return err
	}
	for _, e := range entries {
		program, r, kind, ok := parseRotated(e.Name())
		switch {
		case !ok || !e.Type().IsRegular():
		case kind == GzipExt:
			of(program).add(r, kind)
		case kind == GzipExt+tmpExt:
			h := of(program)
			h.temporaries = append(h.temporaries, filepath.Join(dir, e.Name()))
		}
	}
	return nil
}

// add notes a file that was seen; kind is "" or [GzipExt].
func (h *History) add(r Rotated, kind string) {
	if !h.plain[r.Seq] && !h.Zipped[r.Seq] {
		h.Files = append(h.Files, r)
	}
	if kind == "" {
		h.plain[r.Seq] = true
	} else {
		h.Zipped[r.Seq] = true
	}
}

// ScanLive lists a folder in which files are being renamed. A listing may miss a file whose name changes meanwhile: it is past the place
// of the new name, and reaches that of the old one too late. That happens to a file twice at most (it is rotated, and a supervisor of
// an older version compresses it in the same folder), so three listings together miss nothing that was there before the first.
func ScanLive(dir string) (map[string]*History, error) {
	all, err := Scan(dir)
	st, statErr := os.Stat(dir)
	if err != nil || statErr != nil || time.Since(st.ModTime()) > time.Minute {
		return all, err
	}
	for range 2 {
		more, err := Scan(dir)
		if err != nil {
			return nil, err
		}
		for program, h := range more {
			if all[program] == nil {
				all[program] = h
				continue
			}
			all[program].unite(h)
		}
	}
	return all, nil
}

// unite adds what only other has seen.
func (h *History) unite(other *History) {
	for _, r := range other.Files {
		if !h.plain[r.Seq] && !h.Zipped[r.Seq] {
			h.Files = append(h.Files, r)
		}
		h.plain[r.Seq] = h.plain[r.Seq] || other.plain[r.Seq]
		h.Zipped[r.Seq] = h.Zipped[r.Seq] || other.Zipped[r.Seq]
	}
	h.Current = h.Current || other.Current
	sort.Slice(h.Files, func(i, j int) bool { return h.Files[i].Seq < h.Files[j].Seq })
}
