package launchplan

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

func mayExecute(os.FileInfo) error { return nil }

// spellings are the files that a name in a command may mean: bin/server is bin/server.exe here, so that one definition
// serves both systems. Only what CreateProcess or cmd.exe can start, in PATHEXT's usual order; PATHEXT itself may name
// scripts that need a program of their own.
func spellings(name string) []string {
	known := []string{".com", ".exe", ".bat", ".cmd"}
	if slices.Contains(known, strings.ToLower(filepath.Ext(name))) {
		return []string{name}
	}
	list := make([]string, 0, len(known)+1)
	for _, ext := range known {
		list = append(list, name+ext)
	}
	return append(list, name)
}
