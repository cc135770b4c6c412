package incident

import (
	"os"

	"golang.org/x/sys/unix"
)

// openToRead opens a file of the record. An administrator reads it in a folder where the service's account decides what a name
// means: links aren't followed, pipes not waited for.
func openToRead(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NOFOLLOW|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	return ordinary(f, err)
}
