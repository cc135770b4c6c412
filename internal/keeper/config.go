package keeper

import (
	"time"

	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
)

// Config is what a keeper is started with.
type Config struct {
	Service string
	Folders folders.Folders
	Args    []string      // of the supervisor, behind the word "supervisor"
	Hang    time.Duration // a supervisor silent for so long is replaced; 0: 20 s

	// Requests is what a service manager asks, where one hosts the service. nil: the keeper takes the signals of its
	// process (Windows: the events of its console) for requests.
	Requests <-chan Request
	// Standing hears how the service stands whenever that changes. It is called by the keeper's loop and must not wait; nil: nobody
	// wants to know, and the supervisor doesn't find out.
	Standing func(wire.ServiceState)
	// Overdue hears after Request StopNow which programs were still there and were ended by force, in order of their names. It is
	// called by the keeper's loop; nil: nobody wants to know.
	Overdue func(programs []string)
}

// defaultHang: rare heartbeats, because each one wakes two processes for nothing.
const defaultHang = 20 * time.Second
