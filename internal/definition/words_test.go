package definition

import (
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// TestMisleadingTexts: what is written as other systems have it is refused with what to write instead.
func TestMisleadingTexts(t *testing.T) {
	const program = "name: a\nprograms: {b: {command: [c], "
	for text, want := range map[string]string{
		`name: a` + "\n" + `programs: {b: {command: ["C:\temp\new\app.exe"]}}`:           `programs.b.command[0]: contains the character \t, which no path has: in double quotes`,
		`name: a` + "\n" + `programs: {b: {command: [c, "D:\new"]}}`:                     `programs.b.command[1]: contains the character \n behind the drive`,
		program + `workingDir: "C:\tools"}}`:                                             `workingDir: contains the character \t`,
		program + `envFiles: ["x\e.env"]}}`:                                              `envFiles[0]: contains the character \e`,
		program + `env: {DATA: "E:\temp"}}}`:                                             `env.DATA: contains the character \t behind the drive`,
		`name: a` + "\n" + `programs: {b: {command: ["C:\Program Files\\x.exe"]}}`:       `programs.b.command[0]: contains the character \P, which no path has`,
		program + `livenessProbe: {exec: {command: ["C:\bin"]}}}}`:                       `exec.command[0]: contains the character \b`,
		program + `listen: [{name: x, address: "unix:run\t.sock"}]}}`:                    `listen[0].address: contains the character \t, which no path has`,
		program + `logs: {maxAge: 5}}}`:                                                  "logs.maxAge: unknown key: did you mean maxAgeSeconds?",
		program + `livenessProbe: {exec: {command: [c]}, period: 5}}}`:                   "period: unknown key: did you mean periodSeconds?",
		program + `livenessProbe: {exec: {command: [c]}, initialdelay: 5}}}`:             "unknown key: did you mean initialDelaySeconds?",
		program + `stopsignal: SIGINT}}`:                                                 "did you mean lifecycle: {stopSignal: …}?",
		"name: a\nrestartPolicy: Never\nprograms: {b: {command: [c]}}":                   "restartPolicy: unknown key: it belongs to a program: programs: {NAME: {restartPolicy: …}}",
		program + `exitCodes: {-1: restart}}}`:                                           "must be 4294967295 (0xFFFFFFFF): so Windows has the exit code -1; on Linux a program that ends with -1 has the exit code 255",
		program + `exitCodes: {"-1073741510": stop}}}`:                                   "must be 3221225786 (0xC000013A)",
		"name: a\naccount: 'NT AUTHORITY\\SYSTEM'\nprograms: {b: {command: [c]}}":        `must be LocalSystem, daruma's name for NT AUTHORITY\SYSTEM`,
		"name: a\naccount: '.\\LocalSystem'\nprograms: {b: {command: [c]}}":              "must be LocalSystem, ",
		"name: a\naccount: 'nt authority\\Local Service'\nprograms: {b: {command: [c]}}": "must be LocalService, ",
		"name: a\naccount: 'NT SERVICE\\a'\nprograms: {b: {command: [c]}}":               "must be virtual, ",
		"name: a\naccount: SYSTEM\nprograms: {b: {command: [c]}}":                        "must be LocalSystem, ",
	} {
		if _, err := Parse([]byte(text), "daruma.yaml", nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n%v\nwant %s", text, err, want)
		}
	}
	for _, text := range []string{
		program + `env: {TEXT: "one\n\ttwo", P: "a:b"}}}`,
		"name: a\nprograms: {b: {command: [sh, -c, \"echo\\techo\\n\"]}}",
		`name: a` + "\n" + `programs: {b: {command: ['C:\temp\new\app.exe']}}`,
		program + `exitCodes: {0-3: stop, 0xC000013A: restart}}}`,
		"name: a\naccount: '.\\ann'\nprograms: {b: {command: [c]}}",
		"name: a\naccount: DOMAIN\\system$\nprograms: {b: {command: [c]}}",
	} {
		if _, err := Parse([]byte(text), "daruma.yaml", nil); err != nil {
			t.Errorf("%s\n%v", text, err)
		}
	}
}

// TestPercentSigns: cmd.exe's variables look like names to everybody else. On Linux a folder may be called %TEMP%.
func TestPercentSigns(t *testing.T) {
	for text, want := range map[string]string{
		`%ProgramFiles%\x`: "ProgramFiles", `%PATH%;C:\x`: "PATH", `100% sure, 50% not`: "", `a%%b`: "", `C:\%20%7`: "", "%": "", `%x%ProgramFiles(x86)%`: "x", "": "",
	} {
		if got := percentVariable(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
	for field, want := range map[string]string{
		`command: ['%ProgramFiles%\x\y.exe']`:        "command[0]: %ProgramFiles% isn't replaced here, only cmd.exe does that: write ${ProgramFiles}",
		`command: [c], workingDir: '%TEMP%'`:         "write ${TEMP}",
		`command: [c], env: {Path: '%PATH%;C:\x'}`:   "write ${PATH}",
		`command: [c, '%TEMP%'], env: {X: '%TEMP%'}`: "", // cmd.exe as the program replaces it
	} {
		_, err := Parse([]byte("name: a\nprograms: {b: {"+field+"}}"), "daruma.yaml", nil)
		refused := err != nil && strings.Contains(err.Error(), want)
		if expected := runtime.GOOS == "windows" && want != ""; refused != expected || err != nil && !expected {
			t.Errorf("%s: %v, want %s", field, err, want)
		}
	}
}

// TestAbsolute: command, workingDir, envFiles and the safety check go by one rule.
func TestAbsolute(t *testing.T) {
	cases := map[string]string{"bin/x": "/srv/shop/bin/x", "/opt/x": "/opt/x", "../x": "/srv/x", "": ""}
	dir := "/srv/shop"
	if runtime.GOOS == "windows" {
		dir = `D:\shop`
		cases = map[string]string{`bin/x`: `D:\shop\bin\x`, `\Program Files\x`: `D:\Program Files\x`, `/Program Files/x`: `D:\Program Files\x`, `C:\x`: `C:\x`, `\\srv\s\x`: `\\srv\s\x`, "": ""}
	}
	for path, want := range cases {
		if got := Absolute(dir, path); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	if got := Absolute(dir, "."); got != filepath.Clean(dir) {
		t.Errorf("the folder itself is %s", got)
	}
}

func TestExitCodeText(t *testing.T) {
	for code, want := range map[int]string{
		0: "exit code 0", 255: "exit code 255", 3221225786: "exit code 0xC000013A (ended by Ctrl+C)", 4294967295: "exit code 0xFFFFFFFF (-1)",
		0x80070005: "exit code 0x80070005", 4294967196: "exit code 0xFFFFFF9C (-100)",
	} {
		if got := ExitCodeText(code); got != want {
			t.Errorf("%d: %s, want %s", code, got, want)
		}
	}
}
