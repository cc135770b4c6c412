package takeover

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/daruma-sh/daruma/internal/access"
)

// TestForgedJournal: a journal says which service to put back and what it ran. One that somebody else could have written would have
// an administrator register whatever they like, as SYSTEM: on Windows everybody may make a folder in %ProgramData%.
func TestForgedJournal(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("takes root, to give a folder to somebody else")
	}
	home := t.TempDir()
	t.Setenv("DARUMA_HOME", home)
	r := replacement{name: "shop"}
	if err := r.load(); err != nil || r.noted {
		t.Fatalf("there is none: %v %v", r.noted, err)
	}
	release, err := r.store.Lock()
	if err != nil {
		t.Fatal(err)
	}
	release()
	if err := r.store.Note(Journal{Service: "Shop", Name: "shop", Step: Swapping}); err != nil {
		t.Fatal(err)
	}
	if err := os.Chown(filepath.Join(home, "shop", "config", "nssm"), 61234, 61234); err != nil {
		t.Fatal(err)
	}
	forged := replacement{name: "shop"}
	var exposed *access.ExposedError
	if err := forged.load(); !errors.As(err, &exposed) {
		t.Errorf("a journal in a folder of user 61234: %v, %+v", err, forged.journal)
	}
}
