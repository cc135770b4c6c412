package install

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/wine"
)

// purgeable makes the folders of a service with files of daruma and of others, and gives the paths of the latter.
func purgeable(t *testing.T) (place folders.Folders, foreign []string) {
	t.Helper()
	t.Setenv("DARUMA_HOME", t.TempDir())
	place, err := folders.Installed("shop")
	if err != nil {
		t.Fatal(err)
	}
	record := `{"seq":1,"t":1,"at":"2026-11-22T03:00:00Z","type":"boot","boot":"b","monoMs":1}
{"seq":2,"t":1,"at":"2026-11-22T03:00:00Z","type":"wanted","program":"api"}
`
	put := func(folder string, own bool, names ...string) {
		for _, name := range names {
			path := filepath.Join(folder, name)
			text := ""
			if name == "incidents.jsonl" {
				text = record
			}
			if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			if !own {
				foreign = append(foreign, path)
			}
		}
	}
	put(place.Config, true, "daruma.yaml", "installed.json", "ensured.json", "wanted", "nssm/journal.json", "release-keys",
		"releases/state.json", "releases/1.0.0/daruma.yaml")
	put(place.Config, false, "secrets.env")
	put(place.State, true, "incidents.jsonl", "incidents.jsonl.alive", "ensured", "wanted", "last-good-definition.json",
		"supervisor-20261122T030000Z-77.txt", ".wanted.new-123")
	put(place.State, false, "incidents.jsonl.bak", "shop.db", "supervisor-notes.txt")
	put(place.Logs, true, "daruma.log", "api.log", "api.log.idx", "gone.log", "gone.00000001-20261122T030000Z.log.gz",
		"gone.00000002-20261122T030000Z.log", "gone.00000002-20261122T030000Z.log.idx", "api.00000003-20261122T030000Z.log.gz.tmp",
		"compressed/api.00000002-20261122T030000Z.log.gz", "compressed/old.00000003-20261122T030000Z.log.gz.tmp")
	put(place.Logs, false, "access.log", "compressed/access.log.gz")
	put(place.Run, true, "lock", "spool/api.1.stdout.spool")
	if err := os.MkdirAll(filepath.Join(place.State, "wanted.d", "x"), 0o700); err != nil {
		t.Fatal(err)
	}
	return place, append(foreign, filepath.Join(place.State, "wanted.d"))
}

// TestPurgeLeavesTheProgramsData: --purge removes what daruma wrote, to the last file, and names what it leaves.
func TestPurgeLeavesTheProgramsData(t *testing.T) {
	place, foreign := purgeable(t)
	r := Removal{Name: "shop"}
	if err := r.purge(place, false); err != nil {
		t.Fatal(err)
	}
	slices.Sort(foreign)
	slices.Sort(r.Kept)
	if !slices.Equal(r.Kept, foreign) {
		t.Errorf("kept %q, want %q", r.Kept, foreign)
	}
	for _, path := range foreign {
		if _, err := os.Lstat(path); err != nil {
			t.Error(err)
		}
	}
	if !slices.Equal(r.Purged, []string{place.Run}) {
		t.Errorf("purged %q, want the folder with nothing of others alone", r.Purged)
	}

	r = Removal{Name: "shop"} // and with their consent
	if err := r.purge(place, true); err != nil {
		t.Fatal(err)
	}
	if anyExists(place) || len(r.Kept) > 0 || len(r.Purged) != 3 {
		t.Errorf("kept %q, purged %q", r.Kept, r.Purged)
	}
}

// TestPurgeFollowsNoLink: the service's account owns the log folder, and may have put a link to somebody else's logs there.
func TestPurgeFollowsNoLink(t *testing.T) {
	if wine.Running() {
		t.Skip("Wine doesn't open links themselves, only what they lead to")
	}
	place, _ := purgeable(t)
	theirs := filepath.Join(t.TempDir(), "api.00000002-20261122T030000Z.log.gz")
	folder := filepath.Join(place.Logs, "compressed")
	if err := errors.Join(os.WriteFile(theirs, nil, 0o600), os.RemoveAll(folder)); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(filepath.Dir(theirs), folder); errors.Is(err, errors.ErrUnsupported) || runtime.GOOS == "windows" && err != nil {
		t.Skipf("this machine makes no links: %v", err)
	} else if err != nil {
		t.Fatal(err)
	}
	r := Removal{Name: "shop"}
	if err := r.purge(place, false); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(theirs); err != nil {
		t.Error(err)
	}
	if !slices.Contains(r.Kept, folder) {
		t.Errorf("kept %q, want %s among them", r.Kept, folder)
	}
}

// TestPurgeOfNothingElse: where nobody else wrote anything, nothing is left.
func TestPurgeOfNothingElse(t *testing.T) {
	place, foreign := purgeable(t)
	for _, path := range foreign {
		if err := os.RemoveAll(path); err != nil {
			t.Fatal(err)
		}
	}
	r := Removal{Name: "shop"}
	if err := r.purge(place, false); err != nil {
		t.Fatal(err)
	}
	if anyExists(place) || len(r.Kept) > 0 || len(r.Purged) != 4 {
		t.Errorf("kept %q, purged %q", r.Kept, r.Purged)
	}
	if _, err := os.Lstat(filepath.Dir(place.State)); err == nil {
		t.Error("the service's folder is left")
	}
}
