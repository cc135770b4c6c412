package sockets

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"
)

// lookupTimeout is how long the lookup of a host name in listen may take. Supervision waits for it.
const lookupTimeout = 2 * time.Second

// resolve puts an IP address in place of a host name. The keeper asks no name server: it could have to wait for the answer,
// and every program with it.
func resolve(ctx context.Context, network, address string) (string, error) {
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
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
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
