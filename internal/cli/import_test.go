package cli

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/definition"
)

// shopReg is what regedit writes of a small service of NSSM; second is one more, with a secret.
const (
	shopReg = `Windows Registry Editor Version 5.00

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\shop]
"Start"=dword:00000002
"ImagePath"="C:\\nssm\\nssm.exe"
"ObjectName"="NT AUTHORITY\\LocalService"

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\shop\Parameters]
"Application"="C:\\shop\\shop.exe"
"AppParameters"="--port 8080"
"AppNoConsole"=dword:00000001
`
	secondReg = `
[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Second\Parameters]
"Application"="C:\\s\\s.exe"
"AppParameters"="--key hunter1"
"AppEnvironmentExtra"=hex(7):54,00,4f,00,4b,00,45,00,4e,00,3d,00,68,00,75,00,6e,00,74,00,65,00,72,00,32,00,00,00,00,00

[HKEY_LOCAL_MACHINE\SYSTEM\CurrentControlSet\Services\Second\Parameters\AppExit]
@="Restart"
`
)

func TestImportNSSM(t *testing.T) {
	inFolder(t, map[string]string{"shop.reg": shopReg})
	code, out, errs := checkCommand("import", "nssm", "shop.reg")
	if code != ExitDone || out != "shop.yaml: service shop, 1 remark\n" || !strings.HasPrefix(errs, "shop: AppNoConsole: ") {
		t.Fatalf("%d\n%s%s", code, out, errs)
	}
	if code, out, errs = checkCommand("check", "shop.yaml"); code != ExitDone {
		t.Errorf("check: %d\n%s%s", code, out, errs)
	}
	info, err := os.Stat("shop.yaml")
	if err != nil || runtime.GOOS == "linux" && info.Mode() != 0o600 {
		t.Errorf("%v %v", info.Mode(), err)
	}
	before, _ := os.ReadFile("shop.yaml")
	svc, err := definition.Load("shop.yaml", os.LookupEnv)
	if err != nil || svc.Account != "LocalService" || strings.Join(svc.Programs[0].Command, " ") != `C:\shop\shop.exe --port 8080` {
		t.Errorf("%+v %v", svc, err)
	}

	if err := os.WriteFile("shop.yaml", []byte("mine"), 0o644); err != nil {
		t.Fatal(err)
	}
	code, _, errs = checkCommand("import", "nssm", "shop.reg")
	if mine, _ := os.ReadFile("shop.yaml"); code != ExitFailed || string(mine) != "mine" || !strings.Contains(errs, "shop.yaml exists already") || !strings.Contains(errs, "--force") {
		t.Errorf("%d %q %s", code, mine, errs)
	}
	code, _, errs = checkCommand("import", "nssm", "shop.reg", "--force")
	if after, _ := os.ReadFile("shop.yaml"); code != ExitDone || string(after) != string(before) {
		t.Errorf("%d %q %s", code, after, errs)
	}
	if left, _ := filepath.Glob("*.new-*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	code, out, _ = checkCommand("import", "nssm", "shop.reg", "-o", "-")
	if code != ExitDone || out != string(before) {
		t.Errorf("%d %q", code, out)
	}
	code, out, _ = checkCommand("import", "nssm", "shop.reg", "-o", "other.yaml")
	if other, _ := os.ReadFile("other.yaml"); code != ExitDone || string(other) != string(before) || !strings.HasPrefix(out, "other.yaml: ") {
		t.Errorf("%d %q %q", code, other, out)
	}
}

// TestImportSeveral: all or nothing is written, a folder takes them, and no value of the environment is ever shown.
func TestImportSeveral(t *testing.T) {
	inFolder(t, map[string]string{"all.reg": shopReg + secondReg, "second.yaml": "mine"})
	code, out, errs := checkCommand("import", "nssm", "all.reg")
	if _, err := os.Stat("shop.yaml"); code != ExitFailed || err == nil || out != "" || !strings.Contains(errs, "Nothing was written") {
		t.Errorf("%d %v\n%s%s", code, err, out, errs)
	}
	for _, output := range []string{"x.yaml", "-", filepath.Join("no", "folder")} {
		if code, out, errs := checkCommand("import", "nssm", "all.reg", "-o", output); code != ExitUsage || out != "" || !strings.Contains(errs, "2 services") {
			t.Errorf("%s: %d\n%s%s", output, code, out, errs)
		}
	}
	if err := os.Mkdir("to", 0o755); err != nil {
		t.Fatal(err)
	}
	code, out, errs = checkCommand("import", "nssm", "all.reg", "-o", "to")
	if code != ExitDone || strings.Count(out, "\n") != 2 || !strings.Contains(errs, "Second: AppEnvironmentExtra: TOKEN may be a secret") || strings.Contains(out+errs, "hunter") {
		t.Errorf("%d\n%s%s", code, out, errs)
	}
	for _, name := range []string{"shop", "second"} {
		if _, err := definition.Load(filepath.Join("to", name+".yaml"), os.LookupEnv); err != nil {
			t.Error(err)
		}
	}
	if secret, _ := os.ReadFile(filepath.Join("to", "second.yaml")); !strings.Contains(string(secret), "TOKEN: hunter2\n") {
		t.Errorf("%s", secret)
	}
}

func TestImportRefuses(t *testing.T) {
	head := "Windows Registry Editor Version 5.00\n\n[HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\"
	inFolder(t, map[string]string{
		"broken.reg": shopReg + "\"x\"=oops\n", "text": "hello", "none.reg": head + "a]\n" + head[38:] + "b]\n",
		"native.reg": head + "spooler]\n\"ImagePath\"=\"C:\\\\Windows\\\\spoolsv.exe\"\n",
	})
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"broken.reg"}, ExitFailed, `daruma: broken.reg: line 12: "\"x\"": its data must be`},
		{[]string{"text"}, ExitFailed, "daruma: text: line 1: a .reg file begins with"},
		{[]string{"missing.reg"}, ExitFailed, "missing.reg: there is no such file"},
		{[]string{"none.reg"}, ExitFailed, "has 2 services, none of NSSM"},
		{[]string{"native.reg"}, ExitFailed, `daruma: service spooler isn't one of NSSM: it has no value Parameters\Application, and runs C:\Windows\spoolsv.exe itself`},
		{[]string{"./"}, ExitFailed, "is not a regular file"},
		{nil, ExitUsage, "name a service, or a .reg file, or give --all"},
		{[]string{"x", "--all"}, ExitUsage, "name a service, or a .reg file, or give --all"},
		{[]string{"x", "y"}, ExitUsage, "accepts at most 1 arg"},
	} {
		code, out, errs := checkCommand(append([]string{"import", "nssm"}, c.args...)...)
		if code != c.code || out != "" || !strings.Contains(errs, c.want) || strings.Count(errs, "\n") != 1 {
			t.Errorf("%v: %d\n%s%s\nwant %s", c.args, code, out, errs, c.want)
		}
	}
	if runtime.GOOS == "linux" {
		for _, arg := range []string{"shop", "--all"} {
			if code, _, errs := checkCommand("import", "nssm", arg); code != ExitFailed || !strings.Contains(errs, "reg export") {
				t.Errorf("%s: %d %s", arg, code, errs)
			}
		}
	}
	if code, out, _ := checkCommand("import", "nssm", "--help"); code != ExitDone || !strings.Contains(out, "reg export HKLM") {
		t.Errorf("%d %s", code, out)
	}
}

// TestImportFromElsewhere: a service manager that isn't known is wrong usage, not a reason for the help and exit code 0.
func TestImportFromElsewhere(t *testing.T) {
	_, err := daruma(t, ExitUsage, "import", "winsw", "x.xml")
	has(t, err, `"winsw" can't be imported from; there is: daruma import nssm`)
	out, _ := daruma(t, ExitDone, "import")
	has(t, out, "Available Commands:", "nssm")
}
