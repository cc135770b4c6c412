package cli

import (
	"fmt"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/readers"
	"github.com/daruma-sh/daruma/lab"
	"github.com/daruma-sh/daruma/service/manager"
)

func newWindows(t *testing.T) *guest {
	return newGuest(t, lab.Windows, "windows", `C:\Program Files\daruma\`, ".exe")
}

const shopData = `C:\ProgramData\daruma\shop`

func TestInstallOnWine(t *testing.T) {
	g := newWindows(t)
	file := g.dir + "daruma.yaml"
	g.Write(file, shopYAML("displayName: Shop", "description: tea", "dependsOn: [RpcSs]"), 0o644)
	sid := readers.ServiceSID("shop")
	g.says(0, []string{
		`BINARY_PATH_NAME: "C:\Program Files\daruma\daruma.exe" host shop "C:\Program Files\daruma\daruma.yaml" --start-timeout=1m30s --stop-timeout=1m10s`,
		`SERVICE_START_NAME: NT SERVICE\shop`, "PRESHUTDOWN_TIMEOUT: 1m20s", "DEPENDENCIES: RpcSs",
		// Who gets what in the service's folders; Wine can't show that it is obeyed.
		`folder C:\ProgramData\daruma: O:BAG:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;;0x1200a9;;;BU)`,
		`folder ` + shopData + `\config: O:BAG:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1200a9;;;` + sid + ")",
		`folder ` + shopData + `\logs: O:BAG:BAD:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;0x1301bf;;;` + sid + ")",
		`(Wine) doesn't support SERVICE_SID_TYPE`, `(Wine) doesn't support REQUIRED_PRIVILEGES`,
	}, "install", file, "-n")
	if r, err := g.Run(t.Context(), "reg", "query", shopKey); err != nil || r.ExitCode == 0 || g.Exists(shopData) {
		t.Errorf("a dry run changed something: %v %v", err, r)
	}
	g.says(0, []string{"shop installed", "daruma start shop"}, "install", file)
	g.says(3, []string{"STOPPED", "WIN32_EXIT_CODE 1077"}, "status", "shop")
	g.says(0, []string{"nothing changed"}, "install", file)
	g.says(0, []string{"the service is RUNNING"}, "start", "shop")
	g.up("started", "shop")
	values := g.Output("reg", "query", shopKey)
	for _, want := range []string{`ImagePath    REG_SZ    "C:\Program Files\daruma\daruma.exe" host shop "C:\`, `ObjectName    REG_SZ    NT SERVICE\shop`,
		"PreshutdownTimeout    REG_DWORD    0x13880", "DisplayName    REG_SZ    Shop"} {
		if !strings.Contains(values, want) {
			t.Errorf("the registry hasn't got %s:\n%s", want, values)
		}
	}
	kill := func(pid int) { g.Output("taskkill", "/f", "/pid", fmt.Sprint(pid)) }
	g.falls("shop", kill)

	before := g.up("before the keeper falls", "shop")
	kill(before.KeeperPID)
	g.await("the keeper was killed", "shop", func(v view) bool { return !v.Running && v.System != nil && v.System.State == manager.Failed })
	g.says(3, []string{"STOPPED", "WIN32_EXIT_CODE 1067"}, "status", "shop") // Wine runs no recovery actions: a start does it
	g.do(0, "start", "shop")
	after := g.up("started again", "shop")
	// Wine gives a pid again at once: how many there are tells, not which.
	if list := g.Output("tasklist"); strings.Count(list, "testprog.exe") != len(after.Programs) {
		t.Errorf("some program outlived its keeper; there are %d in all:\n%s", len(after.Programs), list)
	}

	g.Reboot()
	g.up("after a boot", "shop")
	g.says(0, []string{"a: stopped by CTRL_C", "b: stopped by CTRL_C", "STOPPED"}, "stop", "shop")
	g.says(0, []string{"shop: restarted"}, "restart", "shop")
	g.says(0, []string{"START_TYPE: automatic → disabled", "until it is restarted"}, "install", file, "--start-type", "disabled")
	g.do(0, "stop", "shop")
	g.says(1, []string{"disabled", "1058"}, "start", "shop")
	g.Reboot()
	g.says(3, []string{"STOPPED", "start type disabled"}, "status", "shop")

	g.says(0, []string{"shop is uninstalled", `left: ` + shopData + `\logs`}, "uninstall", "shop")
	g.says(3, []string{"no such service", "1060"}, "uninstall", "shop")
	g.Write(shopData+`\state\shop.db`, "precious", 0o644)
	g.says(0, []string{"not daruma's, and left:", shopData + `\state\shop.db`, "--purge-data removes it"}, "uninstall", "shop", "--purge")
	if g.Read(shopData+`\state\shop.db`) != "precious" || g.Exists(shopData+`\state\incidents.jsonl`) {
		t.Error("purged, and the program's data is gone, or the incidents are there")
	}
	g.do(0, "uninstall", "shop", "--purge-data")
	for _, key := range []string{shopKey, `HKLM\SYSTEM\CurrentControlSet\Services\EventLog\Application\shop`} {
		if r, err := g.Run(t.Context(), "reg", "query", key); err != nil || r.ExitCode == 0 {
			t.Errorf("purged, and there is left: %v %v", err, r)
		}
	}
	if g.Exists(`C:\ProgramData\daruma`) {
		t.Error("purged, and its folder is there")
	}
}

const shopKey = `HKLM\SYSTEM\CurrentControlSet\Services\shop`

func TestInstallAccountsOnWine(t *testing.T) {
	g := newWindows(t)
	file := g.dir + "daruma.yaml"
	g.Write(file, shopYAML(), 0o644)
	for account, name := range map[string]string{"LocalService": `NT AUTHORITY\LocalService`, "NetworkService": `NT AUTHORITY\NetworkService`,
		"LocalSystem": "LocalSystem", "virtual": `NT SERVICE\shop`} {
		g.do(0, "install", file, "--account", account)
		if values := g.Output("reg", "query", shopKey); !strings.Contains(values, "ObjectName    REG_SZ    "+name) {
			t.Errorf("account %s is\n%s", account, values)
		}
	}
	g.says(2, []string{"--password-file or --password-env"}, "install", file, "--account", "root")
	g.says(2, []string{"has no password"}, "install", file, "--password-env", "SECRET")
	g.says(2, []string{"there is no account"}, "install", file, "--account", `CORP\managed$`)
	const secret = "hunter2 swordfish"
	r, err := g.RunCommand(t.Context(), lab.Command{Path: g.daruma, Args: []string{"install", file, "--account", "root", "--password-env", "SECRET", "-o", "json"},
		Env: []string{"SECRET=" + secret}})
	if err != nil || r.ExitCode != 0 || !strings.Contains(r.String(), "LOG_ON_AS_A_SERVICE") {
		t.Errorf("installing for a user: %v %v", err, r)
	}
	g.Write(`C:\secret.txt`, secret+"\r\nmore", 0o600)
	second := g.do(0, "install", file, "--account", "root", "--password-file", `C:\secret.txt`)
	values := g.Output("reg", "query", shopKey, "/s")
	if !strings.Contains(values, `ObjectName    REG_SZ    .\root`) {
		t.Errorf("account root is\n%s", values)
	}
	kept := ""
	if g.Exists(shopData + `\config\installed.json`) {
		kept = g.Read(shopData + `\config\installed.json`)
	}
	for _, text := range []string{r.String(), second, values, kept} {
		if strings.Contains(text, "hunter2") {
			t.Errorf("the password is shown or kept:\n%s", text)
		}
	}
}

func TestInstallRefusesOnWine(t *testing.T) {
	g := newWindows(t)
	file := g.dir + "daruma.yaml"
	g.Write(file, shopYAML(), 0o644)
	in := func(dir string, words ...string) {
		t.Helper()
		g.Output("cmd", "/c", "mkdir", dir)
		for _, name := range []string{"daruma.exe", "testprog.exe", "daruma.yaml"} {
			g.Output("cmd", "/c", "copy", g.dir+name, dir+`\`+name)
		}
		g.says(1, words, "install", dir+`\daruma.yaml`)
		if r, err := g.Run(t.Context(), dir+`\daruma.exe`, "install", file); err != nil || r.ExitCode != 1 || !strings.Contains(r.String(), words[0]) {
			t.Errorf("daruma.exe in %s: %v %v", dir, err, r)
		}
	}
	in(`C:\windows\temp\d`, "is for temporary files", "Program Files")
	in(`C:\users\joe\d`, "whose profile it is in may change it")
	in(`C:\users\Public\d`, "may write to the public folder")
	if r, err := g.Run(t.Context(), "reg", "query", shopKey); err != nil || r.ExitCode == 0 {
		t.Errorf("refused, and there is a service: %v %v", err, r)
	}
}
