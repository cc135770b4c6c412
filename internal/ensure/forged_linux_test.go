package ensure

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/incident"
	"github.com/daruma-sh/daruma/internal/install/record"
	"github.com/daruma-sh/daruma/service/manager"
)

// TestForgedRecord: with DARUMA_HOME the folder with the record may be the service account's, who would have root run what it likes
// by a record of its own.
func TestForgedRecord(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("takes root, to give a folder to somebody else")
	}
	config := filepath.Join(t.TempDir(), "config")
	if err := os.Mkdir(config, 0o755); err != nil {
		t.Fatal(err)
	}
	forged := record.Record{Spec: manager.Spec{Name: "forged-by-daruma-test", Executable: "/bin/true", Account: manager.AccountSystem}}
	if err := record.Save(config, forged); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{config, filepath.Join(config, "installed.json")} {
		if err := os.Chown(path, 61234, 61234); err != nil {
			t.Fatal(err)
		}
	}
	r := &run{Options: Options{Name: forged.Spec.Name}, place: folders.Folders{Config: config}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel() // nothing is to be registered, whatever happens
	var exposed *access.ExposedError
	if err := r.repair(ctx); !errors.As(err, &exposed) {
		t.Errorf("a record that user 61234 may write: %v", err)
	}
	r.writeNote(incident.EnsureNote{})
	if _, err := os.Stat(filepath.Join(config, "ensured.json")); err == nil {
		t.Error("root wrote a file where user 61234 decides what a name means")
	}
	if len(r.result.Remarks) != 1 || !strings.Contains(r.result.Remarks[0], "61234") {
		t.Errorf("remarks %q", r.result.Remarks)
	}
}
