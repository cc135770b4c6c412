package supervisor

import (
	"fmt"
	"os"
)

func mayExecute(os.FileInfo) error { return nil }

// signalNumber: Windows has no signals; the keeper maps the name in its own issue.
func signalNumber(string) int { return 0 }

func signalWord(n int) string { return fmt.Sprintf("signal %d", n) }

func residentBytes(int) int64 { return 0 }
