package manager

import (
	"testing"
)

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
