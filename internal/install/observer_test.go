package install

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/readers"
)

// TestDefinitionOfAnObserver: the service runs daruma-observe with its file, in the group that definitions name, and may read what that names.
func TestDefinitionOfAnObserver(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "an $odd folder")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	file, secret := filepath.Join(dir, "observe.yaml"), filepath.Join(dir, "secret")
	for path, text := range map[string]string{file: "notices: {channels: {a: {type: wecom, urlFile: secret}, b: {type: wecom, urlFile: none}}}\n", secret: "x\n"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o := &observer{file: file, executable: filepath.Join(dir, "daruma-observe")}
	account, description := "joe", "mine"
	for _, c := range []struct {
		overrides            Overrides
		account, description string
	}{
		{Overrides{}, "virtual", "Shows daruma's services"},
		{Overrides{Account: &account, Description: &description}, account, description},
	} {
		def := parsed(t, string(o.definition(c.overrides)))
		p := &def.Programs[0]
		if def.Name != readers.Observer || def.Account != c.account || !strings.HasPrefix(def.Description, c.description) ||
			strings.Join(p.Command, "|") != o.executable+"|"+file || p.WorkingDir != dir || p.ReadinessProbe == nil || p.ReadinessProbe.Handler.Notify == nil {
			t.Errorf("%+v: %+v", c.overrides, def)
		}
	}
	def := parsed(t, string(o.definition(Overrides{})))
	if got := strings.Join(readFiles(def), "|"); !strings.HasSuffix(got, "|"+file+"|"+secret+"|"+filepath.Join(dir, "none")) {
		t.Errorf("the service may read %s", got)
	}
	if want := access.Groups(readers.Observer); len(want) > 0 && !strings.Contains(strings.Join(supervisionOf(def, nil).Groups, "|"), want[0]) {
		t.Errorf("its groups are %v", supervisionOf(def, nil).Groups)
	}
	missing := 0
	for _, f := range observerFiles(def) {
		if f.Missing != nil {
			missing++
		}
	}
	if missing != 1 {
		t.Errorf("%d files are missing, want 1", missing)
	}
	other := parsed(t, strings.Replace(string(o.definition(Overrides{})), "name: "+readers.Observer, "name: shop", 1))
	if files := observerFiles(other); len(files) > 0 || len(supervisionOf(other, nil).Groups) > 0 && supervisionOf(other, nil).Groups[0] == readers.Observer {
		t.Errorf("another service: %v, %v", files, supervisionOf(other, nil).Groups)
	}
}

// TestWhatIsAnObserver: what the file is, its content says; without daruma-observe it is said where that belongs.
func TestWhatIsAnObserver(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"daruma.yaml": "listen: none\n", "observe.yaml": "name: shop\nprograms: {a: {command: [x]}}\n", "mixed.yaml": "name: shop\nnotices: {}\n"} {
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Prepare(Request{}); err == nil || !strings.Contains(err.Error(), "put daruma-observe of the same version beside") {
		t.Errorf("an observe.yaml: %v", err)
	}
	if o, err := observerOf("observe.yaml"); o != nil || err != nil {
		t.Errorf("a definition of that name: %+v, %v", o, err)
	}
	wrong := (*DefinitionError)(nil)
	if _, err := Prepare(Request{File: "mixed.yaml"}); !errors.As(err, &wrong) || !strings.Contains(err.Error(), "mixed.yaml:2:1: notices: unknown key: it is a key of observe.yaml") {
		t.Errorf("both in one: %v", err)
	}
	if o, err := observerOf("nowhere.yaml"); o != nil || err != nil {
		t.Errorf("no file: %+v, %v", o, err)
	}
}
