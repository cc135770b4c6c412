//go:build !linux && !windows

package log

import "os"

// isJournal: there is no journal.
func isJournal(*os.File) bool { return false }

func openAppend(path string, mode os.FileMode) (*os.File, error) {
	return os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, mode)
}

// deletePending: a removed file loses its name at once.
func deletePending(*os.File) bool { return false }
