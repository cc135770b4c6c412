package cli

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/windows"
)

func TestPrivateFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "secret.yaml")
	f, err := createPrivate(path)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString("x"); err != nil {
		t.Error(err)
	}
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	if _, err := createPrivate(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second time: %v", err)
	}
	descriptor, err := windows.GetNamedSecurityInfo(path, windows.SE_FILE_OBJECT, windows.DACL_SECURITY_INFORMATION)
	if err != nil {
		t.Fatal(err)
	}
	list := descriptor.String()
	for _, other := range []string{";;;WD)", ";;;BU)", ";;;AU)"} { // everyone, users, who is logged on
		for ace := range strings.SplitSeq(list, "(") {
			if strings.HasPrefix(ace, "A;") && strings.Contains(ace, other[:len(other)-1]) {
				t.Errorf("others have access: %s", list)
			}
		}
	}
	t.Log(list)
}
