package log

import (
	"os"

	"github.com/coreos/go-systemd/v22/journal"

	"github.com/daruma-sh/daruma/service/internal/stdio"
)

// isJournal reports whether f is stdout and the journal reads it. Source: systemd.exec(5), $JOURNAL_STREAM.
func isJournal(f *os.File) bool {
	if stdio.Descriptor(f) != 1 {
		return false
	}
	is, err := journal.StdoutIsJournalStream()
	return is && err == nil
}

func openAppend(path string, mode os.FileMode) (*os.File, error) {
	return os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, mode)
}

// deletePending: Linux takes a removed file's name away at once.
func deletePending(*os.File) bool { return false }
