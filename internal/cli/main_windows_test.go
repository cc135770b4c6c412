package cli

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestMain makes copies of this binary what the tests of services need: daruma itself, a stand-in for NSSM, a program.
func TestMain(m *testing.M) {
	if exe, err := os.Executable(); err == nil && strings.EqualFold(filepath.Base(exe), standInFile) {
		os.Exit(runStandIn())
	}
	if len(os.Args) > 2 {
		switch os.Args[1] {
		case asProgram:
			os.Exit(runProgram(os.Args[2:]))
		case asDaruma:
			os.Exit(runDaruma(os.Args[2], os.Args[3:]))
		}
	}
	if code, ok := Role(os.Args[1:], os.Stderr); ok {
		os.Exit(code)
	}
	os.Exit(m.Run())
}
