package keeper

import (
	"time"

	"github.com/daruma-sh/daruma/internal/folders"
)

// Config is what a keeper is started with.
type Config struct {
	Service string
	Folders folders.Folders
	Args    []string      // of the supervisor, behind the word "supervisor"
	Hang    time.Duration // a supervisor silent for so long is replaced; 0: 20 s

	// Handle is how a service manager's dispatcher in this process speaks with the keeper. nil: nobody hosts it, and the keeper takes
	// the signals of its process (Windows: the events of its console) for requests.
	Handle *Handle
}

// defaultHang: rare heartbeats, because each one wakes two processes for nothing.
const defaultHang = 20 * time.Second
