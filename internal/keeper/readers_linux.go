package keeper

import (
	"github.com/daruma-sh/daruma/internal/access"
	"github.com/daruma-sh/daruma/internal/folders"
	"github.com/daruma-sh/daruma/internal/keeper/wire"
	"github.com/daruma-sh/daruma/internal/readers"
)

// opensToReaders: the supervisor can't do it. It has given up the call that sets access lists, with which it could open any file of the
// account.
const opensToReaders = true

// openToReaders lets the definition's readers through the run folder to their socket. Who they are, it has from the process that reads the
// definition and not from the supervisor, as all that it allows.
func (k *keeper) openToReaders() {
	var answer wire.OpenedToReaders
	if err := k.letReadersIn(); err != nil {
		answer.Error = err.Error()
	}
	k.send(&answer)
}

func (k *keeper) letReadersIn() error {
	if err := k.allowed.known(); err != nil {
		return err
	}
	var set readers.Set
	for _, s := range k.allowed.now.sockets {
		if s.Network != wire.Readers {
			continue
		}
		var err error
		if set, err = readers.Parse(s.Address); err != nil {
			return err
		}
	}
	return access.OpenToReaders(k.folders[len(k.folders)-1], folders.ReadersSocket, set)
}
