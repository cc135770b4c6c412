package takeover

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/daruma-sh/daruma/service/manager"
)

func store(t *testing.T) Store {
	return Store{Folder: filepath.Join(t.TempDir(), "nssm")}
}

func TestLockIsForOne(t *testing.T) {
	s := store(t)
	release, err := s.Lock()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Lock(); !errors.Is(err, ErrBusy) {
		t.Errorf("a second lock: %v", err)
	}
	release()
	again, err := s.Lock()
	if err != nil {
		t.Fatal(err)
	}
	again()
}

func TestJournalAndEntry(t *testing.T) {
	s := store(t)
	if _, ok, err := s.Load(); ok || err != nil {
		t.Fatalf("none is there: %v %v", ok, err)
	}
	release, err := s.Lock()
	if err != nil {
		t.Fatal(err)
	}
	defer release()
	// What an interrupted call left.
	if err := os.WriteFile(filepath.Join(s.Folder, journalFile+".new"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	for step, pending := range map[Step]bool{Swapping: true, Swapped: false, Done: false, Back: true, Undone: false} {
		if err := s.Note(Journal{Service: "Shop", Name: "shop", InPlace: true, Running: true, Step: step}); err != nil {
			t.Fatal(err)
		}
		j, ok, err := s.Load()
		if err != nil || !ok || j.Step != step || j.Pending() != pending || !j.Running || j.At.IsZero() {
			t.Errorf("%+v %v %v", j, ok, err)
		}
	}
	delayed := uint32(1)
	e := manager.Entry{Name: "Shop", Delayed: &delayed, Failure: &manager.FailureActions{Actions: [][2]uint32{{1, 5}}},
		Key: manager.RegistryKey{Name: "Shop", Values: []manager.RegistryValue{{Name: "x", Type: 3, Data: []byte{0, 0xff}}}}}
	if err := s.SaveEntry(e); err != nil {
		t.Fatal(err)
	}
	back, err := s.LoadEntry()
	if found := e.Differences(back); err != nil || len(found) > 0 {
		t.Errorf("%v %q", err, found)
	}
	if err := os.WriteFile(filepath.Join(s.Folder, journalFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := s.Load(); ok || err == nil {
		t.Error("a journal that can't be read is one")
	}
}
