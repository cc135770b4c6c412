package record

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/daruma-sh/daruma/service/manager"
)

// FuzzRecord: whatever lies in the record's place, reading it ends without a panic and brings no password.
func FuzzRecord(f *testing.F) {
	f.Add([]byte(`{"spec":{"Name":"shop","Executable":"/opt/daruma","Recovery":{"Delays":[1]},"Password":"x"},"fallback":{"name":"shop"}}`))
	f.Add([]byte(`{"spec":{"Name":"../x","DependsOn":[""],"Env":["=",""],"StartType":"delayed","Supervision":{"Folders":"../.."}}}`))
	f.Add([]byte("null"))
	folder := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte) {
		if err := os.WriteFile(filepath.Join(folder, fileName), text, 0o600); err != nil {
			t.Fatal(err)
		}
		r, err := Load(folder)
		if err != nil {
			return
		}
		if r.Spec.Password != "" {
			t.Error("a password was read")
		}
		_ = r.Spec.Check() // what Install does first
		if r.Fallback != nil {
			_ = manager.TaskXML(*r.Fallback)
		}
	})
}
