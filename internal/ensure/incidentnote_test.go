package ensure

import (
	"os"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/service/manager"
)

// safePlace gives folders that nobody but their owner decides about, which those for temporary files aren't.
func safePlace(t *testing.T) folders.Folders {
	t.Helper()
	home, err := os.UserHomeDir()
	if err != nil {
		t.Skip(err)
	}
	dir, err := os.MkdirTemp(home, "daruma-test-")
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := safe(dir); err != nil {
		t.Skip(err)
	}
	return folders.Folders{Config: dir, State: t.TempDir()}
}

// noted is a run that found the service failed, a minute ago as systemd says.
func noted(place folders.Folders) *run {
	s := unit(manager.Failed, true, "signal")
	s.Since = time.Now().Add(-time.Minute)
	return &run{place: place, begun: time.Now(), facts: Facts{Status: s}}
}

// TestNoteJoinsAttempts: attempts that failed one after the other are one outage, from the moment that the service manager tells.
func TestNoteJoinsAttempts(t *testing.T) {
	place := safePlace(t)
	first := noted(place).note()
	if ago := time.Since(first.Since); ago < time.Minute || first.Kind != incident.Keeper {
		t.Errorf("%+v, want it down since a minute", first)
	}
	first.Failed = true
	noted(place).writeNote(first)
	second := noted(place).note()
	if second.Attempts != 2 || !second.Since.Equal(first.Since) {
		t.Errorf("%+v, want the second attempt since %v", second, first.Since)
	}
	second.Failed = true
	noted(place).writeNote(second)

	// The service started after all, whoever did it: what falls then has nothing to do with the attempts.
	if _, ok := incident.TakeEnsureNote(place.Config, place.State); !ok {
		t.Fatal("the note isn't taken")
	}
	if third := noted(place).note(); third.Attempts != 1 || third.Since.Equal(first.Since) {
		t.Errorf("%+v, want the first attempt of another outage", third)
	}
}

// TestNoteIsForgotten: where the service runs, a note of a failure has nothing to say about the next fall.
func TestNoteIsForgotten(t *testing.T) {
	place := safePlace(t)
	r := noted(place)
	o := r.note()
	r.forgetFailure()
	if _, ok := incident.ReadEnsureNote(place.Config); !ok {
		t.Error("the note of a start that went well is gone before its supervisor took it")
	}
	o.Failed = true
	r.writeNote(o)
	r.forgetFailure()
	if o, ok := incident.ReadEnsureNote(place.Config); ok {
		t.Errorf("left: %+v", o)
	}
	if len(r.result.Remarks) > 0 {
		t.Error(r.result.Remarks)
	}
}

// TestDownSinceTheBoot: a service that wasn't started since the machine's boot is down since then.
func TestDownSinceTheBoot(t *testing.T) {
	r := &run{begun: time.Now(), facts: Facts{Status: unit(manager.Stopped, false, "success"), Uptime: time.Hour}}
	now := time.Now()
	if since, kind := r.downSince(now); !since.Equal(now.Add(-time.Hour)) || kind != incident.Service {
		t.Errorf("%v, %s", since, kind)
	}
}
