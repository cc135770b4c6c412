package ensure

import (
	"os"

	"golang.org/x/sys/unix"
)

// openNote opens a file for reading in a folder where the service's account decides what a name means: no link is followed,
// not even one that was put there a moment ago, and no pipe is waited for.
func openNote(path string) (*os.File, error) {
	return os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
}
