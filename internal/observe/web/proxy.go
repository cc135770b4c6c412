package web

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// client gives the address that a request comes from. Where a proxy that is trusted passes it on, that is the last address in X-Forwarded-For that
// isn't a trusted proxy's: each proxy appends who asked it, and what stands before that the client may have written itself.
func (d *Dashboard) client(r *http.Request) netip.Addr {
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	from := address(host)
	if !d.trusted(from) {
		return from
	}
	// Several lines of one header are one list (RFC 9110, 5.2).
	for _, hop := range slices.Backward(strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")) {
		next := address(strings.TrimSpace(hop))
		if !next.IsValid() {
			break // nobody says who asked that proxy
		}
		if from = next; !d.trusted(from) {
			break
		}
	}
	return from
}

// secure says whether the browser comes over TLS: to this process, or to a proxy that is trusted and says so.
func (d *Dashboard) secure(r *http.Request) bool {
	if d.options.Secure {
		return true
	}
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	scheme := r.Header.Values("X-Forwarded-Proto")
	return d.trusted(address(host)) && len(scheme) == 1 && strings.EqualFold(strings.TrimSpace(scheme[0]), "https")
}

func (d *Dashboard) trusted(from netip.Addr) bool {
	return from.IsValid() && slices.ContainsFunc(d.options.Proxies, func(p netip.Prefix) bool { return p.Contains(from) })
}

// address reads an address, also with a port or in brackets, as IIS and others append it to X-Forwarded-For, which has no standard; the zero Addr where
// it is none.
func address(text string) netip.Addr {
	ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(text, "["), "]"))
	if err != nil {
		at, _ := netip.ParseAddrPort(text) // the zero AddrPort where it is none
		ip = at.Addr()
	}
	return ip.Unmap().WithZone("")
}

// networkOf gives the network that counts as one client: of IPv6 that of 64 bits, all of which one client has.
func networkOf(ip netip.Addr) netip.Prefix {
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	p, _ := ip.Prefix(bits) // the zero Prefix for the zero Addr
	return p
}
