package manager

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func root() string {
	if runtime.GOOS == "windows" {
		return `C:\`
	}
	return "/"
}

func TestSpecsThatCannotBe(t *testing.T) {
	good := Spec{Name: "shop", Executable: filepath.Join(root(), "shop"), Recovery: DefaultRecovery()}
	if err := good.Check(); err != nil {
		t.Fatalf("a good one is refused: %v", err)
	}
	cases := []struct {
		break_ func(*Spec)
		word   string
	}{
		{func(s *Spec) { s.Name = "" }, "name"},
		{func(s *Spec) { s.Name = strings.Repeat("x", 257) }, "characters"},
		{func(s *Spec) { s.Name = "a/b" }, "name"},
		{func(s *Spec) { s.Name = `a\b` }, "name"},
		{func(s *Spec) { s.Name = "a\nb" }, "name"},
		{func(s *Spec) { s.Executable = "bin/shop" }, "absolute"},
		{func(s *Spec) { s.WorkingDir = "." }, "absolute"},
		{func(s *Spec) { s.Arguments = []string{"a\x00b"} }, "NUL"},
		{func(s *Spec) { s.Arguments = []string{"a\xffb"} }, "UTF-8"},
		{func(s *Spec) { s.DisplayName = "a\nb" }, "control"},
		{func(s *Spec) { s.Env = []string{"novalue"} }, "NAME=VALUE"},
		{func(s *Spec) { s.Env = []string{"1A=b"} }, "NAME=VALUE"},
		{func(s *Spec) { s.DependsOn = []string{"a/b"} }, "dependency"},
		{func(s *Spec) { s.StartType = 9 }, "start type"},
		{func(s *Spec) { s.Recovery.Delays = []time.Duration{-1} }, "delay"},
		{func(s *Spec) { s.Recovery.Delays = []time.Duration{1200 * time.Hour} }, "delay"},
		{func(s *Spec) { s.Recovery.ResetAfter = -1 }, "ResetAfter"},
		{func(s *Spec) { s.Executable += `"x` }, "quote"},
	}
	if runtime.GOOS == "windows" {
		cases = append(cases, struct {
			break_ func(*Spec)
			word   string
		}{func(s *Spec) { s.Executable, s.Arguments = `C:\%TEMP%\x.exe`, nil }, "variable"})
	}
	for _, c := range cases {
		s := good
		c.break_(&s)
		_, err := (Manager{}).Install(t.Context(), s)
		if !errors.Is(err, ErrInvalid) || !strings.Contains(err.Error(), c.word) {
			t.Errorf("%+v: %v, want %v with the word %q", s, err, ErrInvalid, c.word)
		}
	}
}

func TestStartTypeWords(t *testing.T) {
	for _, want := range []StartType{Automatic, Delayed, Manual, Disabled} {
		var got StartType
		if err := got.UnmarshalText([]byte(want.String())); err != nil || got != want {
			t.Errorf("%s became %s, %v", want, got, err)
		}
	}
	var got StartType
	if err := got.UnmarshalText([]byte("auto")); err == nil || !strings.Contains(err.Error(), "automatic, delayed, manual, disabled") {
		t.Errorf("auto is taken as %s, %v", got, err)
	}
}

func TestErrorsSayWhatAndWhatToDo(t *testing.T) {
	err := &Error{Op: "installing", Name: "shop", Kind: ErrRights, Detail: "writing", Remedy: "use sudo", Cause: os.ErrPermission}
	if want := "installing shop: the rights for it are missing: writing: permission denied (use sudo)"; err.Error() != want {
		t.Errorf("%s\nwant %s", err, want)
	}
	if !errors.Is(err, ErrRights) || !errors.Is(err, os.ErrPermission) || errors.Is(err, ErrForeign) {
		t.Error("errors.Is doesn't tell kind and cause")
	}
}

// TestStatusAsWindowsShowsIt holds the block next to what `sc queryex` prints (Windows 10 22H2, Microsoft's sample of sc query).
func TestStatusAsWindowsShowsIt(t *testing.T) {
	s := Status{Name: "shop", State: Running, PID: 4242, SCM: &SCM{Type: 0x10, State: 4, StateName: stateName(4), Accepts: 5, PID: 4242}}
	want := `shop: running, pid 4242, start automatic
SERVICE_NAME: shop
        TYPE               : 10  WIN32_OWN_PROCESS
        STATE              : 4  RUNNING
                                (STOPPABLE, NOT_PAUSABLE, ACCEPTS_SHUTDOWN)
        WIN32_EXIT_CODE    : 0  (0x0)
        SERVICE_EXIT_CODE  : 0  (0x0)
        CHECKPOINT         : 0x0
        WAIT_HINT          : 0x0
        PID                : 4242
`
	if got := s.String(); got != want {
		t.Errorf("status\n%swant\n%s", got, want)
	}
	for code, want := range map[uint32]State{0: Stopped, 1077: Stopped, 1066: Failed, 1067: Failed} {
		if got := (&SCM{State: 1, Win32ExitCode: code}).state(); got != want {
			t.Errorf("stopped with %d is %s, want %s", code, got, want)
		}
	}
}
