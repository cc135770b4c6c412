package config

import (
	"net"
	"net/netip"
	"slices"
	"strings"

	"golang.org/x/crypto/bcrypt"

	"github.com/daruma-sh/daruma/internal/definition"
)

// DefaultDashboard is where the dashboard listens where the file doesn't say it.
const DefaultDashboard = "127.0.0.1:9491"

// maxCost bounds what the check of a password may cost: at 14 it is about a second of a processor.
const maxCost = 14

// Dashboard is `dashboard` of observe.yaml.
type Dashboard struct {
	Listen           string   // host:port, not that of the metrics
	Hosts            []string // names and addresses, without port and in lower case, by which browsers may know it
	Certificate, Key string   // files of TLS; "": none
	Proxies          []netip.Prefix
	Users            []User // in the order of the file; one at least
}

// User is an entry of dashboard.users.
type User struct {
	Name     string
	Hash     string // of bcrypt
	Operator bool
}

// Loopback says whether the address of a listener, HOST:PORT, is this machine's alone.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return false
	}
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}

func decodeDashboard(v definition.Value) *Dashboard {
	d := &Dashboard{Listen: DefaultDashboard}
	v.Object([]definition.Field{
		{Key: "listen", Decode: func(v definition.Value) {
			if d.Listen = v.Expanded(); !IsAddress(d.Listen) {
				v.Fail("must be ADDRESS:PORT such as %s", DefaultDashboard)
			}
		}},
		{Key: "hosts", Decode: func(v definition.Value) {
			v.List(func(v definition.Value) { d.Hosts = append(d.Hosts, hostName(v)) })
		}},
		{Key: "tls", Decode: func(v definition.Value) {
			v.Object([]definition.Field{
				{Key: "certificate", Decode: func(v definition.Value) { d.Certificate = v.Path() }},
				{Key: "key", Decode: func(v definition.Value) { d.Key = v.Path() }},
			}, "certificate", "key")
		}},
		{Key: "trustedProxies", Decode: func(v definition.Value) {
			v.List(func(v definition.Value) { d.Proxies = append(d.Proxies, proxy(v)) })
		}},
		{Key: "users", Decode: func(v definition.Value) {
			v.Map(func(name string, v definition.Value) { d.Users = append(d.Users, decodeUser(name, v)) })
		}},
	}, "users")
	d.complete(v)
	return d
}

// complete adds the names that need no mention, and refuses what would be open to strangers.
func (d *Dashboard) complete(v definition.Value) {
	if !IsAddress(d.Listen) {
		return
	}
	if len(d.Users) == 0 {
		v.Fail("has no users: name one, or leave dashboard out and run daruma ui, which needs none")
	}
	host, _, _ := net.SplitHostPort(d.Listen)
	switch ip, err := netip.ParseAddr(host); {
	case Loopback(d.Listen):
		d.Hosts = append(d.Hosts, "localhost", "127.0.0.1", "::1")
		if !slices.Contains(d.Hosts, host) {
			d.Hosts = append(d.Hosts, host) // another one of 127.0.0.0/8
		}
		return
	case host != "" && (err != nil || !ip.IsUnspecified()):
		d.Hosts = append(d.Hosts, strings.ToLower(host))
	case len(d.Hosts) == 0:
		v.Fail("listens on all addresses: have the names by which browsers know this machine in hosts, such as hosts: [shop.example.com]")
	}
	if d.Certificate == "" {
		v.Fail("%s can be reached from other machines, and passwords would go there in the clear: have tls with certificate and key, "+
			"or listen on %s behind a proxy that has them", d.Listen, DefaultDashboard)
	}
}

// hostName gives a name or address without port.
func hostName(v definition.Value) string {
	name := strings.ToLower(v.Line())
	if _, err := netip.ParseAddr(name); err != nil && strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789.-_") != "" {
		v.Fail("must be a host name or an address, without port")
	}
	return name
}

// proxy gives a network, or an address as the network of it alone. All addresses would be as good as a header that anybody may write.
func proxy(v definition.Value) netip.Prefix {
	text := v.Line()
	network, err := netip.ParsePrefix(text)
	if err != nil {
		var ip netip.Addr
		if ip, err = netip.ParseAddr(text); err == nil {
			network = netip.PrefixFrom(ip.Unmap().WithZone(""), ip.Unmap().BitLen())
		}
	}
	switch {
	case err != nil:
		v.Fail("must be an address or a network such as 127.0.0.1 or 10.1.2.0/24")
	case network.Bits() == 0:
		v.Fail("is every address there is: anybody could say where a request comes from")
	}
	return network.Masked()
}

func decodeUser(name string, v definition.Value) User {
	u := User{Name: name}
	if name == "" || len(name) > 64 {
		v.Fail("a user's name has 1 to 64 bytes")
	}
	v.Object([]definition.Field{
		{Key: "passwordHash", Decode: func(v definition.Value) {
			u.Hash = v.Line()
			switch cost, err := bcrypt.Cost([]byte(u.Hash)); {
			case err != nil:
				v.Fail("must be what daruma observe --hash-password prints (bcrypt)")
			case cost > maxCost:
				v.Fail("has a cost of %d, and %d is the most: each log-in would take seconds", cost, maxCost)
			}
		}},
		{Key: "role", Decode: func(v definition.Value) { u.Operator = v.Enum("viewer", "operator") == "operator" }},
	}, "passwordHash")
	return u
}
