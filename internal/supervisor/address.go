package supervisor

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// lookupPatience is how long a name in listen may take to become an address. Supervision waits for it.
const lookupPatience = 2 * time.Second

// literal puts a number in place of a host's name: the keeper asks no name server, which could keep it waiting, and every
// program with it.
func literal(ctx context.Context, network, address string) (string, error) {
	if network == "unix" {
		return address, nil
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", err
	}
	if _, err := netip.ParseAddr(host); err == nil || host == "" {
		return address, nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookupPatience)
	defer cancel()
	list, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return "", fmt.Errorf("finding the address of %s: %w", host, err)
	}
	best := list[0]
	for _, a := range list { // IPv4 first, as net.Listen does
		if a.Unmap().Is4() {
			best = a
			break
		}
	}
	return net.JoinHostPort(best.Unmap().String(), port), nil
}
