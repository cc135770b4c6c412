package servicetest_test

import (
	"runtime"
	"testing"
)

// recorder is a test that fails without failing the one around it.
type recorder struct {
	testing.TB
	failed   bool
	cleanups []func()
}

func (r *recorder) Cleanup(f func())      { r.cleanups = append(r.cleanups, f) }
func (r *recorder) Errorf(string, ...any) { r.failed = true }
func (r *recorder) Fatal(...any)          { r.failed = true; runtime.Goexit() }
func (r *recorder) Fatalf(string, ...any) { r.failed = true; runtime.Goexit() }
