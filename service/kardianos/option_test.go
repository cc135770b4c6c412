package service

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEveryOptionIsKnown(t *testing.T) {
	keys, err := os.ReadFile(filepath.Join("testdata", "options.txt"))
	if os.IsNotExist(err) {
		t.Skip("testdata isn't here: this binary runs on another machine than the sources are on")
	} else if err != nil {
		t.Fatal(err)
	}
	for key := range strings.FieldsSeq(string(keys)) {
		if _, ok := lookUp(key); !ok {
			t.Errorf("option %s of the original isn't known here", key)
		}
	}
}

func TestRemarks(t *testing.T) {
	all := KeyValue{
		"OnFailure": "restart", "Restart": "always", "RunWait": func() {}, "LimitNOFILE": 5, // heeded, each on its system
		"KeepAlive": true, "SysvScript": "x", // nowhere
		"Interactive":          true,     // Windows, but of no use
		"OnFailureResetPeriod": "300",    // the wrong type
		"RestartSec":           "10",     // nobody's
		"DelayedAutoStart":     1,        // the wrong type
		"LogOutput":            "yes",    // the wrong type
		"SystemdScript":        "[Unit]", // heeded
	}
	for system, want := range map[string][]string{"linux": {"option LogOutput: is string, must be bool"},
		"windows": {"option DelayedAutoStart: is int, must be bool", "option Interactive: services have had no desktop",
			"option OnFailureResetPeriod: is string, must be int"}} {
		got := all.remarks(system)
		if len(got) != len(want) {
			t.Errorf("%s: %q, want %d remarks", system, got, len(want))
			continue
		}
		for i, words := range want {
			if !strings.HasPrefix(got[i], words) || !strings.HasSuffix(got[i], "it has no effect") {
				t.Errorf("%s: %q, want %q", system, got[i], words)
			}
		}
	}
	if got := (KeyValue)(nil).remarks("linux"); got != nil {
		t.Errorf("no options: %q", got)
	}
}
