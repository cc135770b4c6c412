package keeper

import "github.com/daruma-sh/daruma/internal/keeper/wire"

// socket is one that the keeper holds open.
type socket struct{ network, address string }

// listen refuses: Windows has no protocol, like LISTEN_FDS, by which a program could be given a socket.
func (k *keeper) listen(m *wire.Listen) {
	k.send(&wire.Listening{Name: m.Name, Network: m.Network, Address: m.Address,
		Error: "daruma can't hand sockets to programs on Windows: let the program listen itself"})
}

func (k *keeper) unlisten(string) {}
