package readers

import (
	"strings"
	"testing"
)

// TestOf: a SID is taken as it is, whoever has it; a name is looked up; who isn't there lets nobody in.
func TestOf(t *testing.T) {
	got, unknown := Of([]string{"S-1-5-80-1-2-3-4-5", "S-1-5-32-545", "S-1-5-32-545"})
	if len(unknown) > 0 || got.String() != "S-1-5-32-545,S-1-5-80-1-2-3-4-5" {
		t.Errorf("%v, %v", got, unknown)
	}
	if got, unknown := Of([]string{"nobody-has-this-name"}); !got.Empty() || len(unknown) != 1 || !strings.Contains(unknown[0].Error(), "nobody-has-this-name lets nobody in") {
		t.Errorf("%v, %v", got, unknown)
	}
}

// TestOfTheObserver: its SID is known before it is installed.
func TestOfTheObserver(t *testing.T) {
	if got, unknown := Of([]string{Observer}); got.String() != ServiceSID(Observer) || len(unknown) > 0 {
		t.Errorf("%v, %v", got, unknown)
	}
}
