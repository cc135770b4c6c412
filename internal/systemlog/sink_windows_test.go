package systemlog

import (
	"strings"
	"testing"
	"time"
)

// Without a registration nothing is written, and that is said; it isn't tried again for every event.
func TestSourceThatNobodyRegistered(t *testing.T) {
	a := &application{name: "daruma-nobody-registered-this"}
	defer a.close()
	err := a.write("shop", Find("failed"), Event{Kind: "failed"})
	if err == nil || !strings.Contains(err.Error(), "isn't registered") || !strings.Contains(err.Error(), "daruma install") {
		t.Fatalf("%v", err)
	}
	if again := a.write("shop", Find("failed"), Event{Kind: "failed"}); again != err {
		t.Errorf("the second time: %v", again)
	}
	if a.source != nil || time.Until(a.again) > reopenAfter {
		t.Errorf("%+v", a)
	}
}
