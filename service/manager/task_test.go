package manager

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func fallbacks() map[string]Fallback {
	const exe = `C:\Program Files\daruma\daruma.exe`
	return map[string]Fallback{
		"plain":   {Name: "shop", DisplayName: "Shop backend", Executable: exe, Every: 5 * time.Minute, Patience: 75 * time.Second},
		"wake":    {Name: "shop", DisplayName: "Shop backend", Executable: exe, Every: 90 * time.Minute, WakeToRun: true},
		"hostile": {Name: "shop", DisplayName: `]]>"><&amp;'`, Executable: `C:\a & b\<x>'é漢.exe`, Every: time.Minute},
		"control": {Name: "shop", DisplayName: "a\x01\x0b\uffffb", Executable: exe, Every: time.Minute},
		"quote":   {Name: "shop", DisplayName: `Tom's <best> & x`, Executable: exe, Every: 31 * 24 * time.Hour},
	}
}

// TestTaskXML holds the tasks to golden files, and those to the schema.
func TestTaskXML(t *testing.T) {
	for name, f := range fallbacks() {
		got := TaskXML(f)
		for _, problem := range validateTask(got) {
			t.Errorf("%s: %s", name, problem)
		}
		path := filepath.Join("testdata", "task-"+name+".xml")
		if *update {
			if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if got != strings.ReplaceAll(string(want), "\r\n", "\n") {
			t.Errorf("%s differs from %s (go test -run TestTaskXML -update):\n%s", name, path, got)
		}
	}
}

// TestTaskSchemaBites shows that the rules find what Windows would refuse.
func TestTaskSchemaBites(t *testing.T) {
	good := TaskXML(fallbacks()["plain"])
	if problems := validateTask(good); len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, c := range []struct{ from, to string }{
		{"PT5M", "5 minutes"},
		{"<Priority>5</Priority>", "<Priority>11</Priority>"},
		{"<Count>3</Count>", ""},
		{"<Hidden>true</Hidden>", "<Hidden>yes</Hidden>"},
		{"<Hidden>true</Hidden>", "<Secret>true</Secret>"},
		{"<RunLevel>HighestAvailable</RunLevel>", "<LogonType>ServiceAccount</LogonType>"},
		{"<StartBoundary>2020-01-01T00:00:00</StartBoundary>", "<StartBoundary>2020-01-01</StartBoundary>"},
		{"<Delay>PT1M</Delay>", "<Delay>PT1M</Delay><StartBoundary>2020-01-01T00:00:00</StartBoundary>"},
		{`version="1.3"`, `version="9"`},
		{"/mit/task", "/mit/tasks"},
		{"daruma.exe", strings.Repeat("x", 260)},
		{"&lt;QueryList&gt;", "<QueryList>"},
	} {
		bad := strings.Replace(good, c.from, c.to, 1)
		if bad == good {
			t.Errorf("%s isn't in the task", c.from)
		} else if len(validateTask(bad)) == 0 {
			t.Errorf("%s instead of %s was found to be right", c.to, c.from)
		}
	}
}

// TestTaskSays reads what matters back out of the XML, escapes undone.
func TestTaskSays(t *testing.T) {
	for name, f := range fallbacks() {
		leaves, err := taskLeaves(TaskXML(f))
		if err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for _, l := range leaves {
			got[l.path] = l.text
		}
		want := map[string]string{
			"Principals/Principal/UserId":         "S-1-5-18",
			"Actions/Exec/Command":                `"` + f.Executable + `"`,
			"Settings/ExecutionTimeLimit":         "PT15M",
			"Settings/DisallowStartIfOnBatteries": "false",
			"Settings/StopIfGoingOnBatteries":     "false",
			"Settings/MultipleInstancesPolicy":    "IgnoreNew",
			"Settings/StartWhenAvailable":         "true",
		}
		for path, text := range want {
			if got[path] != text {
				t.Errorf("%s: %s is %q, want %q", name, path, got[path], text)
			}
		}
		if d, ok := parseISO(got["Triggers/TimeTrigger/Repetition/Interval"]); !ok || d != f.Every {
			t.Errorf("%s: every %v, want %v", name, d, f.Every)
		}
		filtered := strings.Contains(got["Triggers/EventTrigger[2]/Subscription"], "param1")
		if want := name != "hostile" && name != "control"; filtered != want {
			t.Errorf("%s: filtered by the display name: %v, want %v", name, filtered, want)
		}
	}
}

func TestTaskDiff(t *testing.T) {
	plain := TaskXML(fallbacks()["plain"])
	// As Windows gives it back: another declaration, defaults written out, names and rights of its own, order of its own.
	echo := strings.NewReplacer(
		`<Delay>PT1M</Delay>`, `<Enabled>true</Enabled><Delay>PT60S</Delay>`,
		`<Priority>5</Priority>`, `<AllowStartOnDemand>true</AllowStartOnDemand><Priority>5</Priority><UseUnifiedSchedulingEngine>false</UseUnifiedSchedulingEngine>`,
		`<Author>daruma</Author>`, `<Date>2026-01-01T00:00:00</Date><Author>HOST\x</Author>`,
		taskRights, "D:AI(A;ID;FA;;;SY)",
		`<Hidden>true</Hidden>`, ``, `<Enabled>true</Enabled>`+"\n", `<Enabled>true</Enabled><Hidden>true</Hidden>`+"\n",
	).Replace(plain)
	if changes, err := diffTasks("\ufeff"+echo, plain); err != nil || len(changes) > 0 {
		t.Errorf("the same differs: %v %v", changes, err)
	}
	drifted := strings.NewReplacer("<Enabled>true</Enabled>", "<Enabled>false</Enabled>", "PT15M", "PT72H", `"C:\Program Files\daruma`, `"C:\Temp`,
		"<RunLevel>HighestAvailable</RunLevel>", "", "<Count>3</Count>", "<Count>3</Count></RestartOnFailure><RunOnlyIfIdle>true</RunOnlyIfIdle><RestartOnFailure>").Replace(plain)
	changes, err := diffTasks(drifted, plain)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, c := range changes {
		got[c.String()] = true
	}
	for _, want := range []string{"task.Settings/Enabled: false → true", "task.Settings/ExecutionTimeLimit: PT72H → PT15M",
		`task.Actions/Exec/Command: "C:\Temp\daruma.exe" → "C:\Program Files\daruma\daruma.exe"`,
		"task.Principals/Principal/RunLevel: HighestAvailable", "task.Settings/RunOnlyIfIdle: true → (none)"} {
		if !got[want] {
			t.Errorf("not found: %s\nin %v", want, changes)
		}
	}
	if _, err := diffTasks("<Task><a>", plain); err == nil {
		t.Error("what isn't XML has no differences")
	}
}

func TestFallbackRefuses(t *testing.T) {
	exe := "/opt/daruma"
	if runtime.GOOS == "windows" {
		exe = `C:\daruma.exe`
	}
	good := Fallback{Name: "shop", Executable: exe, Every: time.Minute}
	if err := good.check(); err != nil {
		t.Fatal(err)
	}
	for what, f := range map[string]Fallback{
		"relative":   {Name: "shop", Executable: "daruma.exe", Every: time.Minute},
		"short":      {Name: "shop", Executable: exe, Every: time.Second},
		"long":       {Name: "shop", Executable: exe, Every: 32 * 24 * time.Hour},
		"fraction":   {Name: "shop", Executable: exe, Every: time.Minute + time.Millisecond},
		"variable":   {Name: "%PATH%", Executable: exe, Every: time.Minute},
		"argument":   {Name: "$(Arg0)", Executable: exe, Every: time.Minute},
		"folder":     {Name: `a\b`, Executable: exe, Every: time.Minute},
		"quote":      {Name: `a"b`, Executable: exe, Every: time.Minute},
		"stars":      {Name: "*", Executable: exe, Every: time.Minute},
		"no name":    {Executable: exe, Every: time.Minute},
		"executable": {Name: "shop", Executable: exe + "\n", Every: time.Minute},
		"timeout":    {Name: "shop", Executable: exe, Every: time.Minute, Patience: -1},
	} {
		if err := f.check(); err == nil {
			t.Errorf("%s was taken", what)
		}
	}
	for path, ok := range map[string]bool{`C:\` + strings.Repeat("x", 255): true, `C:\` + strings.Repeat("x", 256): false,
		`C:\%TEMP%\x.exe`: false, `C:\a"b`: false} {
		if err := checkTaskPath(path); (err == nil) != ok {
			t.Errorf("%.20q… (%d characters): %v", path, len(path), err)
		}
	}
}
