package manager

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzRecord: whatever lies in the record's place, reading it ends without a panic and brings no password.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"spec":{"Name":"shop","Executable":"/opt/daruma","Recovery":{"Delays":[1]},"Password":"x"},"fallback":{"name":"shop"}}`))
	f.Add([]byte(`{"spec":{"Name":"../x","DependsOn":[""],"Env":["=",""],"StartType":"delayed","Supervision":{"Folders":"../.."}}}`))
	f.Add([]byte("null"))
	folder := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(filepath.Join(folder, recordFile), text, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := LoadRecord(folder)
		if err != nil {
			return
		}
		if r.Spec.Password != "" {
			t.Error("a password was read")
		}
		_ = r.Spec.check() // what Install does first
		if r.Fallback != nil && r.Fallback.check() == nil {
			if again, err := diffTasks(TaskXML(*r.Fallback), TaskXML(*r.Fallback)); err != nil || len(again) > 0 {
				t.Errorf("the task of %+v differs from itself: %v %v", *r.Fallback, again, err)
			}
		}
	})
}

// FuzzTask: a task that is said to be as it was registered runs what was registered, as who was registered.
func FuzzTask(f *testing.F) {
	want := TaskXML(Fallback{Name: "shop", DisplayName: "Shop", Executable: `C:\Program Files\daruma\daruma.exe`, Every: defaultEvery})
	f.Add(want)
	f.Add("<Task><Actions><Exec><Command>x</Command></Exec></Actions></Task>")
	f.Add("<a><b></a>")
	wanted := leavesOf(f, want)
	f.Fuzz(func(t *testing.T, have string) {
		changes, err := diffTasks(have, want)
		if err != nil || len(changes) > 0 {
			return
		}
		got := leavesOf(t, have)
		for _, path := range []string{"Actions/Exec/Command", "Actions/Exec/Arguments", "Principals/Principal/UserId"} {
			if wanted[path] == "" || got[path] != wanted[path] {
				t.Errorf("%s is %q, and nothing is said to differ from %q", path, got[path], wanted[path])
			}
		}
	})
}

func leavesOf(t testing.TB, text string) map[string]string {
	t.Helper()
	list, err := taskLeaves(text)
	if err != nil {
		t.Fatal(err)
	}
	m := map[string]string{}
	for _, l := range list {
		m[l.path] = l.text
	}
	return m
}
