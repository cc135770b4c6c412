package lab

import (
	"errors"
	"testing"
)

// Windows, Linux and Kernel need a Linux host: on Windows the test skips, and says so. What runs in lab.Windows runs here
// without a machine.
func Windows(t testing.TB) *Machine { t.Helper(); t.Skip(Missing()); return nil }

// Linux is as Windows.
func Linux(t testing.TB) *Machine { t.Helper(); t.Skip(Missing()); return nil }

// Kernel is as Windows.
func Kernel(t testing.TB) *Machine { t.Helper(); t.Skip(Missing()); return nil }

// Missing says that the host lacks everything.
func Missing() string { return "the lab's machines need a Linux host" }

// Parts are none.
func Parts() []string { return nil }

// Build fails.
func Build(string, func(string)) (string, error) { return "", errors.New(Missing()) }
