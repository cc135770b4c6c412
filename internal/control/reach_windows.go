package control

import (
	"errors"
	"path/filepath"

	"github.com/daruma-sh/daruma/internal/keeper/lock"
	"github.com/daruma-sh/daruma/internal/safefile"
)

// keeperLives says whether a keeper holds the lock file beside the socket. It tries a shared lock, which fails where a keeper has its
// exclusive one. Otherwise the shared one is released at once: a keeper that starts at this moment tries for longer. odd is the error of a
// lock file that is something else.
func keeperLives(socket string) (lives bool, odd error) {
	file, err := safefile.Open(filepath.Join(filepath.Dir(socket), "lock"))
	if errors.Is(err, safefile.ErrRefused) {
		return false, err
	}
	if err != nil {
		return false, nil
	}
	defer file.Close() // and with it the shared lock
	return lock.Held(file), nil
}
