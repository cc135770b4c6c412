//go:build !linux && !windows

package service

import "os"

// inheritedFiles: the LISTEN_FDS protocol is Linux'.
func inheritedFiles() []*os.File { return nil }

func isListening(*os.File) bool { return false }

func isDatagram(*os.File) bool { return false }
