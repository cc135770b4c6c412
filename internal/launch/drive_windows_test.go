package launch

import (
	"os"
	"strings"
	"testing"
)

// freeDrive is a letter that no drive has.
func freeDrive(t *testing.T) string {
	t.Helper()
	for c := 'Y'; c > 'C'; c-- {
		if _, err := os.Stat(string(c) + `:\`); os.IsNotExist(err) {
			return string(c) + ":"
		}
	}
	t.Fatal("every letter is a drive")
	return ""
}

func TestMissingDrive(t *testing.T) {
	drive := freeDrive(t)
	for _, path := range []string{drive + `\bin\app.exe`, drive + `/bin/app.exe`, drive + `\`, strings.ToLower(drive) + `\x`} {
		if why := MissingDrive(path); !strings.HasPrefix(why, "there is no drive "+path[:2]) || !strings.Contains(why, `\\server\share`) {
			t.Errorf("%s: %q", path, why)
		}
	}
	for _, path := range []string{`C:\nothing\at\all.exe`, `\\server\share\app.exe`, `\bin\app.exe`, drive, drive + "app.exe", "", "app.exe"} {
		if why := MissingDrive(path); why != "" {
			t.Errorf("%s: %q", path, why)
		}
	}
}
