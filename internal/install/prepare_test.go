package install

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/daruma-sh/daruma/internal/folders"
)

// TestABareNameBesideAFolder: a service is installed by its name where the folder that its releases are packed from has that name, too.
func TestABareNameBesideAFolder(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv("DARUMA_HOME", t.TempDir())
	if err := os.Mkdir("shop", 0o755); err != nil {
		t.Fatal(err)
	}
	if err := new(Installation).load(Request{File: "shop"}); err == nil || !strings.Contains(err.Error(), "is a folder: name the file in it") {
		t.Errorf("no service of this name: %v", err)
	}
	place, err := folders.Installed("shop")
	if err != nil {
		t.Fatal(err)
	}
	written := filepath.Join(place.Config, "daruma.yaml")
	err = os.MkdirAll(place.Config, 0o755)
	if err == nil {
		err = os.WriteFile(written, []byte("name: shop\nprograms: {a: {command: [tool]}}\n"), 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	var i Installation
	if err := i.load(Request{File: "shop"}); err != nil || i.Definition.File != written {
		t.Errorf("%v, %+v", err, i.Definition)
	}
}
