package incident

import (
	"bytes"
	"encoding/json"
	"os"
	"time"

	"github.com/daruma-sh/daruma/internal/safefile"
)

const (
	aliveEvery = 30 * time.Second
	aliveStale = 3 * aliveEvery // a recorder that hasn't written for longer is taken for dead
	aliveSize  = 256            // bytes, fixed: written in place, so that a full disk can't refuse it later
)

func alivePath(path string) string { return path + ".alive" }

// writeAlive notes that the recorder lives at m. The file isn't fsynced: after a power cut an older moment counts, and nothing but the
// length of one down time depends on it.
func writeAlive(path string, m moment) error {
	b, err := json.Marshal(m)
	if err != nil || len(b) >= aliveSize {
		return err
	}
	f, err := safefile.OpenFile(alivePath(path), os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	b = append(b, bytes.Repeat([]byte{' '}, aliveSize-1-len(b))...)
	_, err = f.WriteAt(append(b, '\n'), 0)
	if closed := f.Close(); err == nil {
		err = closed
	}
	return err
}

// readAlive gives the last note, or nil where there is none that makes sense.
func readAlive(path string) *moment {
	b, err := safefile.ReadFile(alivePath(path), aliveSize)
	var m moment
	if err != nil || len(b) != aliveSize || json.Unmarshal(b, &m) != nil || m.T <= 0 {
		return nil
	}
	return &m
}
