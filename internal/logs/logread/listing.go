package logread

import (
	"fmt"

	"github.com/daruma-sh/daruma/internal/logs/logfile"
)

// newer lists the rotated files after number seq, without a gap between them: a listing may show a file and miss an older
// one that was renamed meanwhile. A gap that stays is one that deletion has left, and is said.
func (t *programReader) newer(seq uint64) ([]logfile.Rotated, error) {
	for tries := 1; ; tries++ {
		h, err := t.list()
		if err != nil {
			return nil, err
		}
		files := h.Files
		for len(files) > 0 && files[0].Seq <= seq {
			files = files[1:]
		}
		if len(files) == 0 {
			return nil, nil
		}
		if lost := files[0].Seq - seq - 1; lost > 0 && seq > 0 {
			if tries < listTries {
				continue
			}
			t.warn(fmt.Errorf("output of %s was deleted before it was read: %d files", t.program, lost))
		}
		return files[:consecutive(files)], nil
	}
}

const listTries = 5

// list gives what the folder holds of the program.
func (t *programReader) list() (*logfile.History, error) {
	all, err := logfile.ScanLive(t.dir)
	if err != nil {
		return nil, err
	}
	if h := all[t.program]; h != nil {
		return h, nil
	}
	return &logfile.History{}, nil
}

// listWithoutGaps lists again where files are missing between others: they may just be renamed.
func (t *programReader) listWithoutGaps() (h *logfile.History, err error) {
	for range listTries {
		if h, err = t.list(); err != nil || consecutive(h.Files) == len(h.Files) {
			break
		}
	}
	return h, err
}

// consecutive is how many files from the first one on have adjacent numbers.
func consecutive(files []logfile.Rotated) int {
	for i := 1; i < len(files); i++ {
		if files[i].Seq != files[i-1].Seq+1 {
			return i
		}
	}
	return len(files)
}
