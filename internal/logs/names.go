package logs

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
	logExt = ".log"
	idxExt = ".idx" // after logExt
	gzExt  = ".gz"  // after logExt
	tmpExt = ".tmp" // last: half done, worthless after a kill
)

const stampLayout = "20060102T150405Z"

// rotated is one rotated file: PROGRAM.SEQ-STAMP.log, with or without .gz. The number, not the stamp, decides the order.
type rotated struct {
	seq   uint64
	stamp string // UTC, when it was rotated
}

// file is the name without .gz.
func (r rotated) file(program string) string {
	return fmt.Sprintf("%s.%08d-%s%s", program, r.seq, r.stamp, logExt)
}

// at is when the file was rotated: no line in it is newer, as far as the clock could be trusted.
func (r rotated) at() time.Time {
	t, _ := time.Parse(stampLayout, r.stamp)
	return t
}

// parseRotated takes the name of a rotated file apart; kind is what follows ".log": "", ".gz", ".idx" or ".gz.tmp".
func parseRotated(name string) (program string, r rotated, kind string, ok bool) {
	cut := strings.LastIndex(name, logExt)
	if cut < 0 {
		return "", r, "", false
	}
	kind = name[cut+len(logExt):]
	switch kind {
	case "", gzExt, idxExt, gzExt + tmpExt:
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
	return name[:dot], rotated{seq, stamp}, kind, true
}

// history is what a folder holds of one program, besides the current file.
type history struct {
	files       []rotated // each number once, ascending
	zipped      map[uint64]bool
	plain       map[uint64]bool
	idx         map[uint64]string // names of the rotated indexes
	temporaries []string          // half-done temporary files
	current     bool
}

// scan lists a folder by program. A folder that doesn't exist holds nothing.
func scan(dir string) (map[string]*history, error) {
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return map[string]*history{}, nil
	}
	if err != nil {
		return nil, err
	}
	all := map[string]*history{}
	of := func(program string) *history {
		h := all[program]
		if h == nil {
			h = &history{zipped: map[uint64]bool{}, plain: map[uint64]bool{}, idx: map[uint64]string{}}
			all[program] = h
		}
		return h
	}
	for _, e := range entries {
		if !e.Type().IsRegular() { // a link or folder with such a name is a stranger's
			continue
		}
		program, r, kind, ok := parseRotated(e.Name())
		switch {
		case ok && (kind == "" || kind == gzExt):
			h := of(program)
			if !h.plain[r.seq] && !h.zipped[r.seq] {
				h.files = append(h.files, r)
			}
			if kind == "" {
				h.plain[r.seq] = true
			} else {
				h.zipped[r.seq] = true
			}
		case ok && kind == idxExt:
			of(program).idx[r.seq] = e.Name()
		case ok:
			h := of(program)
			h.temporaries = append(h.temporaries, filepath.Join(dir, e.Name()))
		case !ok && strings.HasSuffix(e.Name(), logExt):
			of(strings.TrimSuffix(e.Name(), logExt)).current = true
		case !ok && strings.HasSuffix(e.Name(), logExt+tmpExt):
			h := of(strings.TrimSuffix(e.Name(), logExt+tmpExt))
			h.temporaries = append(h.temporaries, filepath.Join(dir, e.Name()))
		}
	}
	for _, h := range all {
		sort.Slice(h.files, func(i, j int) bool { return h.files[i].seq < h.files[j].seq })
	}
	return all, nil
}

// scanLive lists a folder in which files are being renamed. A listing may miss a file whose name changes meanwhile: it has
// been where the new name is, and comes to the old one too late. That happens to a file twice at most (it is rotated,
// it is compressed), so that three listings together miss nothing that was there before the first.
func scanLive(dir string) (map[string]*history, error) {
	all, err := scan(dir)
	st, statErr := os.Stat(dir)
	if err != nil || statErr != nil || time.Since(st.ModTime()) > time.Minute {
		return all, err
	}
	for range 2 {
		more, err := scan(dir)
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
func (h *history) unite(other *history) {
	for _, r := range other.files {
		if !h.plain[r.seq] && !h.zipped[r.seq] {
			h.files = append(h.files, r)
		}
		h.plain[r.seq] = h.plain[r.seq] || other.plain[r.seq]
		h.zipped[r.seq] = h.zipped[r.seq] || other.zipped[r.seq]
	}
	h.current = h.current || other.current
	sort.Slice(h.files, func(i, j int) bool { return h.files[i].seq < h.files[j].seq })
}
