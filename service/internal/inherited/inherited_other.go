//go:build !linux && !windows

package inherited

import "os"

// files: Linux alone has the LISTEN_FDS protocol.
func files() []*os.File { return nil }

func isListening(*os.File) bool { return false }

func isDatagram(*os.File) bool { return false }
