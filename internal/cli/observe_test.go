package cli

import (
	"bytes"
	"strings"
	"testing"
)

// Without the observer's executable it is said where it belongs.
func TestObserveWithoutTheObserver(t *testing.T) {
	for _, args := range [][]string{{"observe", "--listen", "127.0.0.1:0"}, {"top"}, {"ui"}} {
		var out, errs bytes.Buffer
		if code := Main(args, IO{Out: &out, Err: &errs}); code != ExitFailed || !strings.Contains(errs.String(), "put daruma-observe of the same version beside") {
			t.Errorf("%v: %d, %s", args, code, errs.String())
		}
	}
}
