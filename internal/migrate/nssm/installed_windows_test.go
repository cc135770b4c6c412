package nssm

import (
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/windows"
	"golang.org/x/sys/windows/registry"
)

// TestSplitAsWindows compares with CommandLineToArgvW itself.
func TestSplitAsWindows(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	pieces := []string{`\`, `"`, `""`, " ", "\t", "a", "b", "ü"}
	for i := range 20_000 {
		var b strings.Builder
		for range r.IntN(12) {
			b.WriteString(pieces[r.IntN(len(pieces))])
		}
		if i%2 == 0 {
			b.Reset()
			b.WriteString(joinArgs(randomArgs(r)))
		}
		want, err := windows.DecomposeCommandLine("x.exe " + b.String())
		if err != nil {
			t.Fatal(err)
		}
		if got := asStrings(splitArgs(literal(b.String()))); !slices.Equal(got, want[1:]) && len(got)+len(want) > 1 {
			t.Fatalf("%s\n got %q\nwant %q", b.String(), got, want[1:])
		}
	}
}

// scratch makes a key of this test alone, below HKEY_CURRENT_USER, and deletes it afterwards.
func scratch(t *testing.T) (path string) {
	t.Helper()
	path = fmt.Sprintf(`Software\daruma-test-%d-%d`, os.Getpid(), rand.Uint32())
	create(t, registry.CURRENT_USER, path)
	t.Cleanup(func() { deleteTree(t, registry.CURRENT_USER, path) })
	return path
}

func create(t *testing.T, root registry.Key, path string) registry.Key {
	t.Helper()
	key, _, err := registry.CreateKey(root, path, registry.ALL_ACCESS)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = key.Close() })
	return key
}

func deleteTree(t *testing.T, root registry.Key, path string) {
	key, err := registry.OpenKey(root, path, registry.ENUMERATE_SUB_KEYS)
	if err != nil {
		t.Error(err)
		return
	}
	subs, err := key.ReadSubKeyNames(-1)
	_ = key.Close()
	if err != nil {
		t.Error(err)
	}
	for _, sub := range subs {
		deleteTree(t, root, path+`\`+sub)
	}
	if err := registry.DeleteKey(root, path); err != nil {
		t.Error(err)
	}
}

// store writes a service the way NSSM and the service control manager do.
func store(t *testing.T, root registry.Key, path, name string) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	service := create(t, root, path+`\`+name)
	must(service.SetExpandStringValue("ImagePath", `C:\nssm\nssm.exe`))
	must(service.SetStringValue("DisplayName", "Ein Dienst €"))
	must(service.SetStringValue("ObjectName", `NT AUTHORITY\LocalService`))
	must(service.SetDWordValue("Start", 2))
	must(service.SetDWordValue("DelayedAutostart", 1))
	must(service.SetBinaryValue("FailureActions", make([]byte, 5000))) // more than one read's buffer
	parameters := create(t, service, "Parameters")
	must(parameters.SetExpandStringValue("Application", `%ProgramFiles%\shop\shop.exe`))
	must(parameters.SetExpandStringValue("AppParameters", `--port 8080 "--dir=C:\a b"`))
	must(parameters.SetStringsValue("AppEnvironmentExtra", []string{"A=1", "STADT=Köln 😀"}))
	must(parameters.SetDWordValue("AppStopMethodConsole", 20000))
	exit := create(t, parameters, "AppExit")
	must(exit.SetStringValue("", "Restart"))
	must(exit.SetStringValue("3", "Exit"))
	must(create(t, parameters, `AppEvents\Stop`).SetExpandStringValue("Pre", `"C:\h k\drain.exe" now`))
}

const storedYAML = `name: shop
displayName: 'Ein Dienst €'
startType: delayed
account: LocalService
programs:
  shop:
    command:
    - '${ProgramFiles:-C:\Program Files}\shop\shop.exe'
    - '--port'
    - '8080'
    - '--dir=C:\a b'
    workingDir: '${ProgramFiles:-C:\Program Files}\shop'
    env:
      A: '1'
      STADT: 'Köln 😀'
    restartPolicy: Always
    exitCodes:
      3: giveUp
    lifecycle:
      preStop:
        exec:
          command:
          - C:\h k\drain.exe
          - now
      stopSignal: CTRL_C
    terminationGracePeriodSeconds: 83
`

func withoutComments(yaml []byte) string {
	var b strings.Builder
	for line := range strings.Lines(string(yaml)) {
		if !strings.HasPrefix(line, "#") {
			b.WriteString(line)
		}
	}
	return b.String()
}

func TestRegistry(t *testing.T) {
	path := scratch(t)
	store(t, registry.CURRENT_USER, path, "shop")
	create(t, registry.CURRENT_USER, path+`\other\Parameters`)
	s, err := oneService(registry.CURRENT_USER, path, "SHOP")
	if err != nil {
		t.Fatal(err)
	}
	if s.Name != "shop" {
		t.Errorf("the name is %s", s.Name)
	}
	d, err := Convert(s, nil)
	if err != nil || withoutComments(d.YAML) != storedYAML {
		t.Errorf("%v\n%s", err, d.YAML)
	}
	all, err := allServices(registry.CURRENT_USER, path)
	if err != nil || len(all) != 1 || all[0].Name != "shop" {
		t.Errorf("%+v %v", all, err)
	}
	_, err = oneService(registry.CURRENT_USER, path, "nothing")
	if err == nil || !strings.Contains(err.Error(), "there is no service nothing") {
		t.Errorf("%v", err)
	}
}

// TestInstalled: a service in the place where services are. It has no entry at the service control manager, which reads
// its registry at boot alone; it is gone when the test has ended.
func TestInstalled(t *testing.T) {
	name := fmt.Sprintf("daruma-test-%d", os.Getpid())
	if _, _, err := registry.CreateKey(registry.LOCAL_MACHINE, servicesPath+`\`+name, registry.WRITE); err != nil {
		t.Skipf("writing services needs an administrator: %v", err)
	}
	t.Cleanup(func() { deleteTree(t, registry.LOCAL_MACHINE, servicesPath+`\`+name) })
	store(t, registry.LOCAL_MACHINE, servicesPath, name)
	s, err := Installed(name)
	if err != nil {
		t.Fatal(err)
	}
	d, err := Convert(s, nil)
	if err != nil || d.Name != name || !strings.Contains(string(d.YAML), "STADT: 'Köln 😀'") {
		t.Errorf("%v\n%s", err, d.YAML)
	}
	all, err := AllInstalled()
	if err != nil || !slices.ContainsFunc(all, func(s Service) bool { return s.Name == name }) {
		t.Errorf("%d services: %v", len(all), err)
	}
}

// TestExportedByWindows: what reg.exe exports reads as what stands in the registry.
func TestExportedByWindows(t *testing.T) {
	name := fmt.Sprintf("daruma-test-export-%d", os.Getpid())
	if _, _, err := registry.CreateKey(registry.LOCAL_MACHINE, servicesPath+`\`+name, registry.WRITE); err != nil {
		t.Skipf("writing services needs an administrator: %v", err)
	}
	t.Cleanup(func() { deleteTree(t, registry.LOCAL_MACHINE, servicesPath+`\`+name) })
	store(t, registry.LOCAL_MACHINE, servicesPath, name)
	file := filepath.Join(t.TempDir(), "export.reg")
	out, err := exec.Command("reg", "export", `HKLM\`+servicesPath+`\`+name, file, "/y").CombinedOutput()
	if err != nil {
		t.Fatalf("reg export: %v\n%s", err, out)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	services, err := ParseReg(data)
	if err != nil || len(services) != 1 {
		t.Fatalf("%+v %v", services, err)
	}
	live, err := Installed(name)
	if err != nil {
		t.Fatal(err)
	}
	fromFile, err := Convert(services[0], nil)
	if err != nil {
		t.Fatal(err)
	}
	fromRegistry, err := Convert(live, nil)
	if err != nil || string(fromFile.YAML) != string(fromRegistry.YAML) {
		t.Errorf("%v: from the file\n%s\nfrom the registry\n%s", err, fromFile.YAML, fromRegistry.YAML)
	}
}
