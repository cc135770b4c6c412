package incident

import (
	"encoding/json"
	"path/filepath"
	"time"

	"github.com/daruma-sh/daruma/internal/safefile"
)

// Outside is what somebody else than the service's own processes did about its fall: `daruma ensure` started it. It is left in
// a file, since only the service's supervisor writes the record, and it takes it from there when it starts.
type Outside struct {
	Since    time.Time `json:"since"`    // when the first attempt found the service down
	At       time.Time `json:"at"`       // of the last attempt
	Cause    string    `json:"cause"`    // in words, what brought the service down
	Action   string    `json:"action"`   // in words, what was done
	Attempts int       `json:"attempts"` // from 1; those before didn't bring the service up
	Failed   bool      `json:"failed"`   // the last attempt didn't, either, as far as is known
}

// outsideFile lies in the service's Config folder: who leaves it may be SYSTEM or root, who must not write where the service's
// account decides what a name means.
const outsideFile = "ensured.json"

// maxOutside bounds the note, in bytes.
const maxOutside = 64 << 10

// LeaveOutside puts o into folder, which must exist, in place of the note that was there.
func LeaveOutside(folder string, o Outside) error {
	text, err := json.Marshal(o)
	if err != nil {
		return err
	}
	// The service's account must be able to read it.
	return safefile.Replace(filepath.Join(folder, outsideFile), append(text, '\n'), 0o644, safefile.Unsynced)
}

// ReadOutside gives the note in folder; ok is false where there is none.
func ReadOutside(folder string) (o Outside, ok bool) {
	text, err := safefile.ReadFile(filepath.Join(folder, outsideFile), maxOutside)
	if err != nil || json.Unmarshal(text, &o) != nil {
		return Outside{}, false
	}
	return o, !o.At.IsZero()
}

// stampFile, in the service's State folder, names the last note that was taken.
const stampFile = "ensured"

// TakeOutside gives the note in config once: state keeps which was the last. ok is false where there is no new one.
func TakeOutside(config, state string) (o Outside, ok bool) {
	o, ok = ReadOutside(config)
	if !ok {
		return o, false
	}
	stamp := o.At.UTC().Format(time.RFC3339Nano)
	path := filepath.Join(state, stampFile)
	if last, err := safefile.ReadFile(path, maxOutside); err == nil && string(last) == stamp {
		return Outside{}, false
	}
	if safefile.Replace(path, []byte(stamp), 0o600) != nil {
		return Outside{}, false // it would be taken again at every start
	}
	return o, true
}
