package launch

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/windows"
)

// TestMain is also the child that the tests start: argv[1] says what it does.
func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == "child" {
		os.Exit(child(os.Args[2:]))
	}
	os.Exit(m.Run())
}

func child(args []string) int {
	switch args[0] {
	case "echo":
		for _, a := range args[1:] {
			fmt.Printf("[%s]\n", a)
		}
		fmt.Println(os.Getenv("ONE"), os.Getenv("TWO"), len(os.Environ()))
	case "set": // sets the events whose handles' values it is told
		for _, a := range args[1:] {
			n, _ := strconv.ParseUint(a, 10, 64)
			fmt.Println(windows.SetEvent(windows.Handle(n)) == nil)
		}
	}
	return 7
}

func plan(t *testing.T, args ...string) Plan {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return Plan{Path: exe, Argv: append([]string{exe, "child"}, args...), UID: Leave, GID: Leave, Env: os.Environ()}
}

// start runs a plan and gives what it printed and its exit code.
func start(t *testing.T, p Plan, with Attachments) (string, uint32) {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	out := windows.Handle(write.Fd())
	if err := windows.SetHandleInformation(out, windows.HANDLE_FLAG_INHERIT, windows.HANDLE_FLAG_INHERIT); err != nil {
		t.Fatal(err)
	}
	with.Stdio = [3]windows.Handle{0, out, out}
	c, err := Start(p, with)
	write.Close()
	if err != nil {
		t.Fatal(err)
	}
	defer windows.CloseHandle(c.Handle)
	text, err := io.ReadAll(read)
	if err != nil {
		t.Fatal(err)
	}
	if event, err := windows.WaitForSingleObject(c.Handle, 20_000); err != nil || event != windows.WAIT_OBJECT_0 {
		t.Fatalf("it doesn't end: %v", err)
	}
	var code uint32
	if err := windows.GetExitCodeProcess(c.Handle, &code); err != nil {
		t.Fatal(err)
	}
	return string(text), code
}

func TestArgumentsAndEnvironment(t *testing.T) {
	args := []string{"", "a b", `c:\dir\`, `c:\a b\`, `say "hi"`, `\"`, "żółć 達磨 😀", "%PATH%", "a&b|c>d"}
	p := plan(t, append([]string{"echo"}, args...)...)
	p.Env = []string{"ONE=1 達磨", "TWO=", "SYSTEMROOT=" + os.Getenv("SYSTEMROOT"), "LAST=x"}
	out, code := start(t, p, Attachments{Flags: windows.CREATE_NO_WINDOW})
	want := "[" + strings.Join(args, "]\n[") + "]\n1 達磨  "
	if code != 7 || !strings.HasPrefix(out, want) {
		t.Errorf("exit code %d; it saw\n%s\nwant\n%s", code, out, want)
	}
}

func event(t *testing.T) windows.Handle {
	t.Helper()
	sa := &windows.SecurityAttributes{InheritHandle: 1}
	sa.Length = uint32(unsafe.Sizeof(*sa))
	h, err := windows.CreateEvent(sa, 1, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { windows.CloseHandle(h) })
	return h
}

// TestOnlyTheListIsInherited: a handle may be inheritable, and still no program gets it that isn't to have it.
func TestOnlyTheListIsInherited(t *testing.T) {
	ours, theirs := event(t), event(t)
	p := plan(t, "set", fmt.Sprint(uint64(ours)), fmt.Sprint(uint64(theirs)))
	out, _ := start(t, p, Attachments{Extra: []windows.Handle{theirs}, Flags: windows.CREATE_NO_WINDOW})
	set := func(h windows.Handle) bool {
		got, err := windows.WaitForSingleObject(h, 0)
		return err == nil && got == windows.WAIT_OBJECT_0
	}
	if set(ours) || !set(theirs) {
		t.Errorf("the event that it wasn't given was set: %v; the other: %v; it said %q", set(ours), set(theirs), out)
	}
}

// TestNothingIsInherited: without a list CreateProcess would hand over all that is inheritable.
func TestNothingIsInherited(t *testing.T) {
	ours := event(t)
	c, err := Start(plan(t, "set", fmt.Sprint(uint64(ours))), Attachments{Flags: windows.CREATE_NO_WINDOW})
	if err != nil {
		t.Fatal(err)
	}
	defer windows.CloseHandle(c.Handle)
	if got, err := windows.WaitForSingleObject(c.Handle, 20_000); err != nil || got != windows.WAIT_OBJECT_0 {
		t.Fatalf("it doesn't end: %v", err)
	}
	if got, err := windows.WaitForSingleObject(ours, 0); err != nil || got == windows.WAIT_OBJECT_0 {
		t.Errorf("the event that it wasn't given was set (%v)", err)
	}
}

func TestBornInsideItsJob(t *testing.T) {
	job, err := windows.CreateJobObject(nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer windows.CloseHandle(job)
	if _, code := start(t, plan(t, "echo"), Attachments{Job: job, Flags: windows.CREATE_NO_WINDOW}); code != 7 {
		t.Fatalf("exit code %d", code)
	}
	var info struct { // JOBOBJECT_BASIC_ACCOUNTING_INFORMATION
		_                                 [4]int64
		faults, total, active, terminated uint32
	}
	if err := windows.QueryInformationJobObject(job, windows.JobObjectBasicAccountingInformation,
		uintptr(unsafe.Pointer(&info)), uint32(unsafe.Sizeof(info)), nil); err != nil {
		t.Fatal(err)
	}
	if info.total == 0 { // the host of its console may be in it too
		t.Error("the job never had a process")
	}
}

func TestStartRefuses(t *testing.T) {
	nice, mask := 30, uint32(0)
	for name, change := range map[string]func(*Plan){
		"no such file":   func(p *Plan) { p.Path += ".missing" },
		"no such folder": func(p *Plan) { p.Dir = `C:\there is no such folder` },
		"user":           func(p *Plan) { p.UID = 1 },
		"umask":          func(p *Plan) { p.Umask = &mask },
		"nice":           func(p *Plan) { p.Nice = &nice },
		"sockets":        func(p *Plan) { p.ListenNames = []string{"x"} },
		"NUL":            func(p *Plan) { p.Argv = append(p.Argv, "a\x00b") },
		"too long":       func(p *Plan) { p.Argv = append(p.Argv, strings.Repeat("x", 40_000)) },
	} {
		p := plan(t, "echo")
		change(&p)
		if c, err := Start(p, Attachments{Flags: windows.CREATE_NO_WINDOW}); err == nil {
			windows.CloseHandle(c.Handle)
			t.Errorf("%s: it was started", name)
		}
	}
}

func TestBatchLine(t *testing.T) {
	const head = `cmd.exe /e:ON /v:OFF /d /c ""C:\x y\a.cmd"`
	for _, c := range []struct {
		args []string
		want string // "": refused
	}{
		{nil, head + `"`},
		{[]string{"start", "-p", "8080"}, head + ` start -p 8080"`},
		{[]string{"a & b", "", "x|y"}, head + ` "a & b" "" "x|y""`},
		{[]string{"%PATH%"}, head + ` "%%cd:~,%PATH%%cd:~,%""`},
		{[]string{`a b\`}, head + ` "a b\\""`},
		{[]string{"^caret", "!bang!", "(x)"}, head + ` "^caret" "!bang!" "(x)""`},
		{[]string{`"`}, ""},
		{[]string{"a\nb"}, ""},
		{[]string{"a\rb"}, ""},
	} {
		_, line, err := commandLine(`C:\x y\a.cmd`, append([]string{"a"}, c.args...))
		if (err != nil) != (c.want == "") || err == nil && line != c.want {
			t.Errorf("%q: %s, %v; want %s", c.args, line, err, c.want)
		}
	}
	for _, path := range []string{`C:\a"b.bat`, "C:\\a\n.bat", `C:\%x%.bat`} {
		if _, _, err := commandLine(path, []string{"a"}); err == nil {
			t.Errorf("%q was quoted", path)
		}
	}
	for _, path := range []string{`C:\a.BAT`, `C:\a.bat.`, `C:\a.bat .`} { // Windows drops what is behind
		if app, _, err := commandLine(path, []string{"a"}); err != nil || !strings.HasSuffix(app, `\cmd.exe`) {
			t.Errorf("%q is started by %s, %v: want cmd.exe", path, app, err)
		}
	}
}

// TestShellLine: what cmd.exe is given behind /c arrives, quotes and all.
func TestShellLine(t *testing.T) {
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"/c", "echo hello"}, `cmd /c "echo hello"`},
		{[]string{"/c", "echo", "hello"}, `cmd /c echo hello`},
		{[]string{"/c", `dir "C:\Program Files"`}, `cmd /s /c "dir "C:\Program Files""`},
		{[]string{"/d", "/C", `"C:\a b\x.bat" "one two" > C:\log.txt`}, `cmd /d /s /C ""C:\a b\x.bat" "one two" > C:\log.txt"`},
		{[]string{"/c", `C:\a b\x.bat`}, `cmd /c "C:\a b\x.bat"`},
		{[]string{"/c", `C:\a b\x.bat`, "one two"}, `cmd /s /c ""C:\a b\x.bat" "one two""`},
		{[]string{"/c", "echo", `say "hi"`, "a b"}, `cmd /s /c "echo say "hi" "a b""`},
		{[]string{"/c"}, `cmd /c`},
		{nil, `cmd`},
	} {
		if _, line, err := commandLine(`C:\windows\system32\CMD.EXE`, append([]string{"cmd"}, c.args...)); err != nil || line != c.want {
			t.Errorf("%q: %s, %v; want %s", c.args, line, err, c.want)
		}
	}
	p := plan(t)
	exe := p.Path
	system, err := windows.GetSystemDirectory()
	if err != nil {
		t.Fatal(err)
	}
	p.Path = system + `\cmd.exe`
	p.Argv = []string{"cmd", "/c", `"` + exe + `" child echo "one two" three & echo done`}
	p.Env = append(p.Env, "ONE=1", "TWO=2")
	if out, _ := start(t, p, Attachments{Flags: windows.CREATE_NO_WINDOW}); !strings.Contains(out, "[one two]\n[three]\n") || !strings.Contains(out, "done") {
		t.Errorf("cmd.exe did %q", out)
	}
}
