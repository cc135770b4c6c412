package record

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/daruma-sh/daruma/service/manager"
)

func TestRecord(t *testing.T) {
	folder := t.TempDir()
	if _, err := Load(folder); !errors.Is(err, ErrNone) {
		t.Errorf("without one: %v", err)
	}
	r := Record{
		Spec: manager.Spec{Name: "shop", DisplayName: `é "x"`, Executable: "/opt/daruma", Arguments: []string{"", " ", `a "b" \\`, "%PATH%", "$x", "é\n"}, Env: []string{"A=b"}, Account: `CORP\shop`,
			StartType: manager.Delayed, DependsOn: []string{"db"}, Recovery: manager.DefaultRecovery(), Notify: manager.NotifyReload, StopTimeout: time.Minute,
			Supervision: manager.Supervision{NoRestart: []int{2}, Privileges: []string{"SeChangeNotifyPrivilege"}}},
		Fallback:   &manager.Fallback{Name: "shop", Executable: "/opt/daruma", Every: 5 * time.Minute, Patience: 75 * time.Second},
		Definition: "/etc/daruma/shop/daruma.yaml",
	}
	secret := r
	secret.Spec.Password = "open sesame"
	for range 2 { // the second replaces the first
		if err := Save(folder, secret); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(folder, fileName))
	if err != nil || strings.Contains(string(text), "sesame") {
		t.Errorf("the password was written, or %v", err)
	}
	got, err := Load(folder)
	if err != nil || !reflect.DeepEqual(got, r) {
		t.Errorf("%v\ngot  %+v\nwant %+v", err, got, r)
	}
	if err := Save(filepath.Join(folder, "gone"), r); err == nil {
		t.Error("a record in a folder that isn't there")
	}
	if files, _ := os.ReadDir(folder); len(files) != 1 {
		t.Errorf("left: %v", files)
	}
	if err := os.WriteFile(filepath.Join(folder, fileName), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(folder); err == nil || errors.Is(err, ErrNone) {
		t.Errorf("of half a record: %v", err)
	}
}
