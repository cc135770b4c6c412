package systemlog

import (
	"strings"
	"testing"
	"time"
)

func TestInsertion(t *testing.T) {
	for text, want := range map[string]string{
		"exit code 1": "exit code 1", "100%1 sure": "100% 1 sure", "%%5": "%% 5", "50 %": "50 %", "a\x00b": "a\uFFFDb", "ü": "ü",
	} {
		if got := insertion(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// Without a registration nothing is written, and that is said; it isn't tried again for every event.
func TestSourceThatNobodyRegistered(t *testing.T) {
	a := &application{source: "daruma-nobody-registered-this"}
	defer a.close()
	err := a.write("shop", Find("failed"), Event{Kind: "failed"})
	if err == nil || !strings.Contains(err.Error(), "isn't registered") || !strings.Contains(err.Error(), "daruma install") {
		t.Fatalf("%v", err)
	}
	if again := a.write("shop", Find("failed"), Event{Kind: "failed"}); again != err {
		t.Errorf("the second time: %v", again)
	}
	if a.handle != 0 || time.Until(a.again) > patience {
		t.Errorf("%+v", a)
	}
}
