package definition

import (
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"unicode/utf8"
)

func (d *decoder) listeners(n *node) []Listener {
	var listeners []Listener
	d.list(n, func(n *node) {
		var l Listener
		if d.object(n, d.listenerFields(&l)) {
			d.require(n, "name", "address")
		}
		listeners = append(listeners, l)
	})
	return listeners
}

func (d *decoder) listenerFields(l *Listener) []field {
	return []field{
		{"name", func(n *node) {
			l.Name = d.str(n)
			// The names reach the program as one list with colons, and systemd's limit is 255 characters.
			const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-"
			if l.Name != "" && (!only(l.Name, letters) || len(l.Name) > 255) {
				d.fail(n.pos, "must be letters, digits, _ and -, is %s", quote(l.Name))
			}
		}},
		{"address", func(n *node) {
			text := d.expanded(n)
			if text == "" {
				return
			}
			var msg string
			l.Network, l.Address, msg = d.address(text)
			if msg != "" {
				// As written, because the text may contain the value of a variable.
				d.fail(n.pos, "%s, is %s", msg, quote(n.text))
			}
		}},
	}
}

// address reads "host:port", "tcp://host:port", "udp://host:port" or "unix:/path".
func (d *decoder) address(s string) (network, address, msg string) {
	const forms = "must be host:port, tcp://host:port, udp://host:port or unix:/path"
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		return d.unixAddress(path)
	}
	network = "tcp"
	if scheme, rest, ok := strings.Cut(s, "://"); ok {
		if scheme != "tcp" && scheme != "udp" {
			return "", "", forms
		}
		network, s = scheme, rest
	}
	host, port, err := net.SplitHostPort(s)
	if err != nil || strings.ContainsAny(host, "/ \t\r\n") {
		return "", "", forms + " (an IPv6 address in brackets)"
	}
	n, err := strconv.ParseUint(port, 10, 32)
	if err != nil || n < 1 || n > 65535 {
		return "", "", "the port must be a number from 1 to 65535"
	}
	return network, net.JoinHostPort(host, strconv.FormatUint(n, 10)), ""
}

func (d *decoder) unixAddress(path string) (network, address, msg string) {
	path = strings.TrimPrefix(path, "//") // unix:///run/x.sock
	if i := strings.IndexFunc(path, misread); i >= 0 {
		c, _ := utf8.DecodeRuneInString(path[i:])
		return "", "", fmt.Sprintf("contains %s, which no path has: %s", controlName(c), inSingleQuotes)
	}
	if path == "" || strings.HasSuffix(path, "/") || strings.HasPrefix(path, "@") {
		return "", "", "must be unix: and the path of a socket"
	}
	path = d.absolute(path)
	if len(path) > 107 {
		return "", "", "the path of a unix socket must be at most 107 bytes long (sun_path), with the folder of the definition before it"
	}
	return "unix", path, ""
}

// clash reports whether two sockets can't be bound both.
func clash(a, b Listener) bool {
	if a.Network != b.Network || a.Network == "" {
		return false
	}
	if a.Network == "unix" {
		return a.Address == b.Address
	}
	hostA, portA, _ := net.SplitHostPort(a.Address)
	hostB, portB, _ := net.SplitHostPort(b.Address)
	return portA == portB && (strings.EqualFold(hostA, hostB) || covers(hostA, hostB) || covers(hostB, hostA))
}

// covers reports whether host is the wildcard that takes the port of other too: Linux binds :: for IPv4 as well.
func covers(host, other string) bool {
	if host == "" {
		return true
	}
	wild, err := netip.ParseAddr(host)
	if err != nil || !wild.IsUnspecified() {
		return false
	}
	if wild.Is6() {
		return true
	}
	addr, err := netip.ParseAddr(other)
	return err == nil && addr.Is4() || other == "localhost"
}
