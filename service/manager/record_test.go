package manager

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestRecord(t *testing.T) {
	folder := t.TempDir()
	if _, err := LoadRecord(folder); !errors.Is(err, ErrNoRecord) {
		t.Errorf("without one: %v", err)
	}
	r := Record{
		Spec: Spec{Name: "shop", DisplayName: `é "x"`, Executable: "/opt/daruma", Arguments: nasty(), Env: []string{"A=b"}, Account: `CORP\shop`,
			StartType: Delayed, DependsOn: []string{"db"}, Recovery: DefaultRecovery(), Notify: NotifyReload, StopTimeout: time.Minute,
			Supervision: Supervision{NoRestart: []int{2}, Privileges: []string{"SeChangeNotifyPrivilege"}}},
		Fallback:   &Fallback{Name: "shop", Executable: "/opt/daruma", Every: 5 * time.Minute, Patience: 75 * time.Second},
		Definition: "/etc/daruma/shop/daruma.yaml",
	}
	secret := r
	secret.Spec.Password = "open sesame"
	for range 2 { // the second replaces the first
		if err := SaveRecord(folder, secret); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(folder, recordFile))
	if err != nil || strings.Contains(string(text), "sesame") {
		t.Errorf("the password was written, or %v", err)
	}
	got, err := LoadRecord(folder)
	if err != nil || !reflect.DeepEqual(got, r) {
		t.Errorf("%v\ngot  %+v\nwant %+v", err, got, r)
	}
	if err := SaveRecord(filepath.Join(folder, "gone"), r); err == nil {
		t.Error("a record in a folder that isn't there")
	}
	if files, _ := os.ReadDir(folder); len(files) != 1 {
		t.Errorf("left: %v", files)
	}
	if err := os.WriteFile(filepath.Join(folder, recordFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadRecord(folder); err == nil || errors.Is(err, ErrNoRecord) {
		t.Errorf("of half a record: %v", err)
	}
}
