package service

import (
	"runtime"
	"testing"
	"testing/synctest"
)

// runtime.Goexit (t.FailNow, in tests of programs) gives neither a result nor a panic.
func TestGoexitIsAnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		if err := <-call("Start", func() error { runtime.Goexit(); return nil }); err == nil {
			t.Error("no error")
		}
	})
}
